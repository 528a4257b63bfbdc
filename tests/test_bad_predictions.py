"""Each fault and name of `bad_predictions`, and processes that are killed while they predict."""
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bad_input import Case
from bad_predictions import CASES, Bench

SLOW = '''
import sys, time
from pathlib import Path
from bad_predictions import Bench
from lightning_pose_nb.models.testing import BlobFinder
class Stuck(BlobFinder):
    batches_done = 0
    def forward(self, images):
        if self.batches_done == 4: time.sleep(300)
        self.batches_done += 1
        return super().forward(images)
print('ready', flush=True)
bench = Bench(Path(sys.argv[1]))
bench.predict(bench.folder/'day1'/'trial.avi', Stuck(), batch_size=int(sys.argv[2]))
'''


@pytest.mark.parametrize('case', CASES, ids=str)
def test_what_happens(case: Case, tmp_path: Path):
    assert case.make is not None
    case.make(Bench(tmp_path))


def test_of_two_processes_one_predicts_and_a_killed_one_is_continued(tmp_path: Path):
    bench = Bench(tmp_path)
    video = bench.video()
    calm = Bench(tmp_path/'calm')
    same = calm.folder/'day1'/'trial.avi'
    same.parent.mkdir(parents=True)
    same.write_bytes(video.read_bytes())
    calm.predict(same, batch_size=2)
    first = start(bench, 2)
    part = tmp_path/'video_preds'/'trial.csv.part'
    while not part.exists() or part.read_text().count('\n') < 3+6:
        assert first.poll() is None
        time.sleep(0.05)
    second = start(bench, 3)
    assert second.wait() == 1
    assert first.poll() is None
    assert f'process {first.pid}' in second.communicate()[1]
    first.send_signal(signal.SIGKILL)
    first.wait()
    csv = tmp_path/'video_preds'/'trial.csv'
    assert not csv.exists()
    bench.predict(video, batch_size=2)
    assert csv.read_bytes() == calm.csv(same).read_bytes()
    left = {path.name for path in csv.parent.iterdir()}
    assert left == {'trial.csv', 'trial.csv.json'}


def start(bench: Bench, batch_size: int) -> subprocess.Popen:
    "A process that begins to predict, and stops in the fifth batch as a slow one would."
    command = [sys.executable, '-c', SLOW, str(bench.folder), str(batch_size)]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               cwd=Path(__file__).parent)
    assert process.stdout is not None
    process.stdout.readline()
    return process
