"""What can happen while something runs: kills, signals, disks, terminals, and two at once.

The cases of the page `docs/faults.md`; `make` says how `tests/test_faults.py` and
`tests/test_bad_faults.py` try them.
"""
from bad_input import Case
from faults import DISKS, JOBS, SIGNALS

KILLS_OF = {  # Job: kills in each run of the tests
    'train': 8, 'train on video': 4, 'predict a video': 6, 'predict a folder': 4,
    'predict images': 3, 'predict views': 3, 'predict with several models': 4, 'crop labels': 3,
    'crop a video': 3, 'extract': 3, 'new': 3, 'context': 2, 'boxes': 2, 'set a key': 2, 'report': 2,
    'sample': 3, 'labels': 5}
SAID = {
    'SIGINT': 'Ctrl-C', 'SIGTERM': 'told to end by a queue or a shutdown (SIGTERM)',
    'SIGHUP': 'the terminal is closed (SIGHUP)', 'full': 'the disk gets full',
    'read-only': 'the disk becomes read-only', 'vanishes': 'the output folder is deleted'}
FAILS = {  # Fault: jobs in which the tests try it
    'SIGINT': ('train', 'predict a folder', 'crop labels'),
    'SIGTERM': ('train', 'predict a video', 'extract'),
    'SIGHUP': ('train', 'predict images', 'crop a video'),
    'full': ('predict a video', 'predict a folder', 'crop labels', 'extract', 'new', 'set a key'),
    'read-only': ('predict a video', 'report', 'sample'),
    'vanishes': ('predict a video', 'crop a video')}
THERE = {  # What Lightning Pose does
    'train': 'begins the training again from the start: it cannot be resumed',
    'predict': 'begins the video again; a CSV that is there is skipped'}


def killed(job: str) -> str:
    "What a kill of a job costs."
    if job.startswith('train'):
        return 'nothing that was written; steps since the last checkpoint are done again'
    if job.startswith('predict'):
        return 'nothing; the rows of a batch are computed again'
    return 'nothing'


def failing(manner: str) -> Case:
    "The case of a signal, or of a disk."
    happens = 'the message says what is kept and how to go on; begun again, it ends as it would have'
    if manner in SIGNALS:
        happens = f'exit code {SIGNALS[manner]}; {happens}'
    elif manner in DISKS:
        happens = f'exit code 1, the file and the remedy are named; {happens}'
    else:
        happens = 'the message names the missing file; begun again, it ends as it would have'
    jobs = FAILS[manner]
    name = f'{", ".join(jobs)}: {SAID[manner]}'
    return Case('faults', name, happens, 'told', make=manner, lost='nothing', count=len(jobs))


AGAIN = 'begun again, it goes on; at the end every file is the same to the last byte'
CASES = [
    *(Case('faults', f'killed (SIGKILL): {job}', AGAIN, 'right', make=job, lost=killed(job),
           lightning_pose=THERE.get(job.split()[0], ''), count=KILLS_OF[job]) for job in JOBS if job in KILLS_OF),
    *map(failing, FAILS),
    Case('faults', 'a long epoch is killed in the middle', 'the run goes on from the last checkpoint, '
         'in the middle of the epoch', 'right', lost='the step since the last checkpoint',
         lightning_pose=THERE['train']),
    Case('faults', 'a disk (tmpfs) of too few bytes', 'exit code 1, the file is named; with more '
         'room it goes on', 'told', count=3),
    Case('faults', 'the output is closed (`| head`), or was never open', 'it says so, or works on; '
         'begun again, it goes on', 'told', count=3),
    Case('faults', 'no home folder, no folder for temporary files or caches', 'it works', 'right'),
    Case('faults', 'two at once: a training, or a prediction', 'the second is refused: the message '
         'names computer, process and since when', 'refused', count=4),
    Case('faults', 'a video is cropped again to other boxes, and killed', 'no video stands beside '
         'the boxes of another', 'right'),
    Case('faults', 'the clock is set while a process works', 'its lock is still respected',
         'refused'),
    Case('faults', 'thirty videos in one process', 'as many threads and open files as before',
         'right', count=30),
]
