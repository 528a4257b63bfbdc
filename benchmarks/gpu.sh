#!/bin/sh
# Everything that needs a GPU, in ten minutes: sh benchmarks/gpu.sh [NAME]
# Training and prediction on the card, both video readers, tests that need one. Says what it skips.
cd "$(dirname "$0")/.." || exit 1
name=${1:-gpu}
has() { python -c "import sys, torch, importlib.util as u; sys.exit(not ($1))" 2>/dev/null; }
if ! has 'torch.cuda.is_available()'; then
    echo 'no GPU here: skipped training, prediction, video readers and the tests that need one'
    exit 0
fi
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
timeout 240 python benchmarks/run.py --only predict train --accelerator gpu --threads 4 --quick --name "$name"
timeout 120 python benchmarks/train_epoch.py --accelerator gpu --threads 4 --sizes 256 --backbones resnet50
timeout 90 python benchmarks/predict_video.py --accelerator gpu --threads 4 --sizes 256 --backbones resnet50
if has "u.find_spec('nvidia.dali')"; then timeout 60 python benchmarks/video_readers.py
else echo 'skipped: DALI is not installed (extra dali or dali-cuda13)'; fi
has "u.find_spec('tensorrt')" || echo 'skipped: TensorRT is not installed, and no runtime of this package'
timeout 90 nbdev-test --flags cuda --file-re '.*(heatmaps|heads|choice).*'
