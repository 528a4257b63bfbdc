"""How fluid the pose viewer is in a browser: first paint, time per step, long traces, bytes sent.

    python benchmarks/pose_viewer.py                                          # all of it
    python benchmarks/pose_viewer.py --frames 120 --steps 20 --long 20000     # does it run?

All is two videos, 400 × 400 and 1280 × 1024, 200 steps each, and traces of 10⁶ frames × 50
keypoints. JupyterLab and headless Chromium run on this machine. A *step* is one press of →; its
time ends with the animation frame in which the asked frame is on the screen. `forwards` presses as
soon as the last step is painted; `jumps` go to frames far apart, so that nothing was fetched ahead.
*First paint* is from running the cell to the first frame on the screen, imports included. A *query*
is what the strip of traces asks Python for: one signal of one keypoint, all frames or a thousandth
of them, 1000 pixels wide.
"""
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent/'tests'))
import browser
from _common import plain_parser
from video_readers import film

from lightning_pose_nb import Predictions
from lightning_pose_nb.data import write_predictions

NOTEBOOK = '''
from lightning_pose_nb import PoseViewer

PoseViewer({video!r}, {table!r})
'''
FIRST_FRAME = "document.querySelector('.lpnb-viewer')?.dataset.frame === '0'"
STEP = '''async ([code, goal]) => {
    const root = document.querySelector('.lpnb-viewer');
    const begin = performance.now();
    if (code) root.dispatchEvent(new KeyboardEvent('keydown', {key: code, bubbles: true}));
    else {
        const box = root.querySelector('.lpnb-frame');
        box.value = goal;
        box.dispatchEvent(new Event('change', {bubbles: true}));
    }
    while (root.dataset.frame !== String(goal)) {
        if (performance.now() - begin > 20000) throw new Error(`frame ${goal} was never painted`);
        await new Promise(requestAnimationFrame);
    }
    await new Promise(requestAnimationFrame);
    return performance.now() - begin;
}'''


def poses(n: int, k: int, size: tuple[int, int]) -> Predictions:
    "Made-up predictions."
    rng = np.random.default_rng(0)
    start = rng.random((1, k, 2))*np.array(size[::-1])
    walk = np.cumsum(rng.normal(size=(n, k, 2)).astype('float32'), axis=0)
    xy = start+walk*.1
    return Predictions(list(range(n)), [f'k{i}' for i in range(k)], xy, rng.random((n, k)))


def drive(video: Path, table: Path, n: int, steps: int, folder: Path) -> dict:
    "Open the viewer on a video in JupyterLab, step through it, and time what happens."
    cells = NOTEBOOK.format(video=str(video), table=str(table))
    notebook = browser.write_notebook(folder/f'{video.stem}.ipynb', cells)
    with browser.opened('lab', notebook, folder/f'home-{video.stem}', run=False) as page:
        browser.kernel_ready(page)
        begin = time.perf_counter()
        browser.run_all(page)
        page.wait_for_function(FIRST_FRAME, timeout=120_000)
        first = time.perf_counter()-begin
        page.locator('.lpnb-viewer').focus()
        page.wait_for_timeout(1000)
        on = [page.evaluate(STEP, ['ArrowRight', i+1]) for i in range(min(steps, n-1))]
        goals = np.random.default_rng(0).permutation(n)[:max(5, steps//4)]
        jumps = [page.evaluate(STEP, [None, int(goal)]) for goal in goals]
        page.screenshot(path=browser.artefacts()/f'benchmark-{video.stem}.png')
    return {'first': first, 'forwards': on, 'jumps': jumps}


def long_traces(n: int, k: int) -> dict:
    "Time to prepare the traces of a long recording, and to answer a query."
    from lightning_pose_nb.evaluation import FrameSignals
    table = poses(n, k, (400, 400))
    begin = time.perf_counter()
    traces = FrameSignals(table)
    took = {'prepare': time.perf_counter()-begin}
    rng = np.random.default_rng(1)
    times = {'whole': [], 'part': []}
    for i in range(200):
        what = 'part' if i % 2 else 'whole'
        length = n//1000 if i % 2 else n
        start = int(rng.integers(0, n-length+1))
        begin = time.perf_counter()
        traces.window('x', int(rng.integers(k)), start, start+length, 1000)
        times[what].append(time.perf_counter()-begin)
    return took | times


def spread(seconds: list[float], unit: str = 'ms') -> str:
    "Median and 99th percentile."
    median = np.median(seconds)
    slowest = np.percentile(seconds, 99)
    return f'median {median:6.2f} {unit}, 99th percentile {slowest:6.2f} {unit}'


def main():
    "Measure, and print."
    p = plain_parser(__doc__)
    p.add_argument('--frames', type=int, default=600, help='length of the videos')
    p.add_argument('--steps', type=int, default=200, help='steps to time')
    p.add_argument('--long', type=int, default=10**6, help='frames of the traces')
    p.add_argument('--keypoints', type=int, default=50)
    args = p.parse_args()
    folder = Path(tempfile.mkdtemp(prefix='lpnb-benchmark-'))
    for size in ((400, 400), (1024, 1280)):
        video = film(folder, size, args.frames)
        table = poses(args.frames, 17, size)
        write_predictions(table, folder/f'{video.stem}.csv')
        took = drive(video, folder/f'{video.stem}.csv', args.frames, args.steps, folder)
        print(f'{size[1]} × {size[0]}, {args.frames} frames: first paint {took["first"]:.1f} s')
        for what in ('forwards', 'jumps'):
            print(f'    {what:9} {len(took[what]):4} steps: {spread(took[what])}')
    took = long_traces(args.long, args.keypoints)
    extent = f'{args.long} frames × {args.keypoints} keypoints'
    print(f'traces of {extent}: prepared in {took["prepare"]:.2f} s')
    for what in ('whole', 'part'): print(f'    query, {what}: {spread(1000*np.array(took[what]))}')
    static = Path(sys.modules['lightning_pose_nb'].__file__).parent/'static'
    for path in sorted(static.iterdir()): print(f'{path.name}: {path.stat().st_size} bytes')


if __name__ == '__main__': main()
