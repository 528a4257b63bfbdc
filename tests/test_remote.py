"""Videos, models and results in a bucket: `lpnb predict` and jobs, on a local S3 and a local web server."""
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import click
import pandas as pd
import pytest
from commands import lpnb

from lightning_pose_nb import check_project, export_project, import_project, read_labels, read_predictions, write_report
from lightning_pose_nb.api import TrainedModel, train
from lightning_pose_nb.cli.errors import LocalPath, PathOrUrl
from lightning_pose_nb.cli.main import app
from lightning_pose_nb.cluster import local
from lightning_pose_nb.cluster.worker import Worker
from lightning_pose_nb.remote.testing import local_s3, local_web
from lightning_pose_nb.synthetic.project import make_project
from lightning_pose_nb.video.io import find_videos
from lightning_pose_nb.video.sequential import probe

for library in ('s3fs', 'moto', 'flask', 'aiohttp'):
    pytest.importorskip(library, reason=f'{library} of the extra dev is needed for a store on this computer')

QUICK = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64, 'model.backbone': 'test_resnet',
    'model.backbone_pretrained': False, 'training.max_epochs': 1, 'training.check_val_every_n_epoch': 1,
    'training.train_batch_size': 6, 'training.accelerator': 'cpu', 'eval.predict_vids_after_training': False}


@pytest.fixture(scope='module')
def bench(tmp_path_factory):
    "A model and three videos of this computer, and what they give."
    home = tmp_path_factory.mktemp('remote')
    config = make_project(home/'mouse', n_frames=12, n_videos=2, n_video_frames=24)
    train(config, home/'model', QUICK, progress=False)
    lpnb('predict', home/'model', home/'mouse'/'videos', '-o', home/'out', '--batch-size', 8)
    return home


@pytest.fixture
def store(bench, tmp_path, monkeypatch):
    "A bucket with the model and the videos."
    monkeypatch.setenv('LPNB_SCRATCH', str(tmp_path/'scratch'))
    with local_s3() as store:
        store.put(str(bench/'model')+'/', 'lab/model/', recursive=True)
        for video in (bench/'mouse'/'videos').glob('*.mp4'): store.put_file(str(video), f'lab/videos/{video.name}')
        store.pipe_file('lab/videos/readme.txt', b'no video')
        yield store
    left = [path for path in (tmp_path/'scratch').rglob('*')]
    assert not left, left


def names(store, folder):
    "What lies in a remote folder."
    return sorted(name.removeprefix(f'{folder}/') for name in store.find(folder))


def same_rows(store, bench, name, remote):
    "Are remote predictions those of this computer?"
    return store.cat_file(remote) == (bench/'out'/name).read_bytes()


def test_everything_remote(bench, store, tmp_path):
    "Model, videos and results in a bucket; a second call fetches no video, and makes what is gone."
    words = 'predict', 's3://lab/model/', 's3://lab/videos/', '-o', 's3://lab/results', '--batch-size', 8
    said = lpnb(*words, '--labeled-video', '--format', 'coco', '--scratch', tmp_path/'scratch')
    assert 's3://lab/results/session0.csv\n' in said
    assert 's3://lab/results/labeled_videos/session1_labeled.mp4' in said
    assert str(tmp_path/'scratch') not in said, said
    assert same_rows(store, bench, 'session1.csv', 'lab/results/session1.csv')
    made = names(store, 'lab/results')
    assert {'session0.csv.json', 'session0_temporal_norm.csv', 'session0_coco.json'} <= {*made}
    assert [name for name in made if name.endswith('.mp4')] == [
        f'labeled_videos/session{n}_labeled.mp4' for n in range(2)]
    note = json.loads(store.cat_file('lab/results/session0.csv.json'))
    assert note['source'][0]['path'] == note['remote'][0]['url'] == 's3://lab/videos/session0.mp4'
    assert note['model_folder'] == 's3://lab/model'
    assert str(tmp_path/'scratch') not in store.cat_file('lab/results/session0.csv.json').decode()
    rows = pd.read_csv(store.open('lab/results/predictions_summary.csv'))
    assert rows['video'].tolist() == [f's3://lab/videos/session{n}.mp4' for n in range(2)]
    assert rows['predictions'].tolist() == [f's3://lab/results/session{n}.csv' for n in range(2)]

    stamps = {name: store.info(f'lab/results/{name}')['LastModified'] for name in made}
    time.sleep(1.1)  # the stamps of this store are whole seconds
    store.rm_file('lab/results/session1_temporal_norm.csv')
    said = lpnb(*words)
    assert said.count('was there') == 2
    assert [f'fetching session{n}' in said for n in range(2)] == [False, True]  # one is measured again
    assert names(store, 'lab/results') == made
    now = {name: store.info(f'lab/results/{name}')['LastModified'] for name in made}
    assert {name for name in made if now[name] == stamps[name]} >= {'session0.csv', 'session0.csv.json', 'session1.csv'}


def test_from_the_web_to_this_computer(bench, store, tmp_path):
    "A signed link: fetched, predicted, and found again; its query stands nowhere."
    with local_web(bench/'mouse'/'videos') as server:
        link = f'{server.url}/session0.mp4?X-Amz-Signature=hidden'
        said = lpnb('predict', bench/'model', link, '-o', tmp_path/'out', '--batch-size', 8)
        assert [name for name, _ in server.asked] == ['session0.mp4']
        again = lpnb('predict', bench/'model', link.replace('hidden', 'other'), '-o', tmp_path/'out')
        assert 'was there' in again
        assert len(server.asked) == 1
        server.denied = 'session0.mp4'
        refused = lpnb('predict', bench/'model', link, '-o', tmp_path/'out', code=1)
        assert 'access denied' in refused
    assert (tmp_path/'out'/'session0.csv').read_bytes() == (bench/'out'/'session0.csv').read_bytes()
    texts = [path.read_text() for path in (tmp_path/'out').iterdir()]
    assert 'hidden' not in ''.join([said, again, refused, *texts])
    assert 'no answer' in lpnb('predict', bench/'model', link, '-o', tmp_path/'out', code=1)


def test_changed_video_and_other_mistakes(bench, store, tmp_path):
    "What is replaced is not answered from old predictions; what is not there, or odd, is named."
    words = 'predict', bench/'model', 's3://lab/videos/session0.mp4', '-o', 's3://lab/results'
    lpnb(*words)
    store.put_file(str(bench/'mouse'/'videos'/'session1.mp4'), 'lab/videos/session0.mp4')
    said = lpnb(*words, code=1)
    assert 's3://lab/results/session0.csv: holds predictions of another file' in said
    lpnb(*words, '--overwrite')
    assert len(store.cat_file('lab/results/session0.csv').splitlines()) == 3+24
    table = bench/'mouse'/'CollectedData.csv'
    for wrong, told in (
            (('s3://lab/vidoes/',), 'no such file, folder or bucket'), (('s3://nobody/a.mp4',), 'no such file'),
            (('s3://lab/videos/readme.txt',), 'no videos: readme.txt'), ((table,), 'Name a folder of this computer')):
        assert told in lpnb('predict', bench/'model', *wrong, '-o', 's3://lab/results', code=1)
    assert 'no such file, folder or bucket' in lpnb(*words[:-1], 's3://nobody/results', code=1)
    assert 'model.json' in lpnb('predict', 's3://lab/videos/', words[2], code=1)
    assert 'the scheme ftp' in lpnb('predict', bench/'model', 'ftp://lab/a.mp4', code=2)
    assert 'a model on a web server' in lpnb('predict', 'http://127.0.0.1:9/model', words[2], '-o', tmp_path, code=1)
    assert '--ensemble is not for' in lpnb(*words, '--ensemble', bench/'model', code=2)
    assert 'no name that a bucket' in lpnb('predict', bench/'model', 's3://la_b!/a.mp4', '-o', tmp_path, code=1)
    assert 'to write to' in lpnb(*words[:-1], 'https://127.0.0.1/out', code=1)
    store.pipe_file('lab/videos/broken.mp4', b'no video')
    said = lpnb('predict', bench/'model', 's3://lab/videos/', '-o', tmp_path/'out', code=1)
    assert '1 of 3 inputs could not be predicted' in said
    assert 's3://lab/videos/broken.mp4' in said
    rows = pd.read_csv(tmp_path/'out'/'predictions_summary.csv')
    assert rows.set_index('video')['status']['s3://lab/videos/broken.mp4'] == 'failed'


def test_no_room(bench, store, monkeypatch):
    "What does not fit on the disk is said before it is fetched."
    from lightning_pose_nb.remote import transfer
    usage = transfer.shutil.disk_usage('/')
    monkeypatch.setattr(transfer.shutil, 'disk_usage', lambda place: usage._replace(free=10))
    said = lpnb('predict', bench/'model', 's3://lab/videos/', '-o', bench/'none', code=1)
    assert re.search(r'session0.mp4 needs \d+\.\d+ GB, and 0.00 GB are free', said)
    assert '--scratch' in said


def test_python(bench, store, tmp_path):
    "The same from Python: a model, a video and a table in a bucket."
    model = TrainedModel('s3://lab/model')
    table = model.predict_video('s3://lab/videos/session0.mp4', 's3://lab/python/a.csv', batch_size=8, progress=False)
    assert len(table) == 24
    assert names(store, 'lab/python')[:2] == ['a.csv', 'a.csv.json']
    here = TrainedModel(bench/'model').predict_video(Path('s3://lab/videos/session1.mp4'), tmp_path/'b.csv',
                                                     batch_size=8, progress=False, formats=['coco'])
    assert len(here) == 24
    assert (tmp_path/'b_coco.json').is_file()
    with pytest.raises(ValueError, match='output_dir'): model.predict_video(bench/'mouse'/'videos'/'session0.mp4')
    with pytest.raises(ValueError, match='lpnb fetch'): model.predict_images('s3://lab/images')
    with pytest.raises(ValueError, match='lpnb fetch'): train('s3://lab/config.yaml')
    with pytest.raises(ValueError, match='Name one of this computer'): train(bench/'mouse', 's3://lab/model')
    for url in ('s3://lab/model', 's3://lab/videos'): assert url in told_of_model(url)
    assert 'model on a web server' in told_of_model('http://127.0.0.1:9/model')
    assert str(model).startswith('s3://lab/model: heatmap')
    with pytest.raises(ValueError, match='error: s3://lab/model: it was fetched for now'): model.evaluate()
    del model


def told_of_model(url):
    "What is said of a model in a bucket: what it is, or why there is none."
    try: return TrainedModel(url).describe()
    except ValueError as error: return str(error)


def by_jobs(*words, **options):
    "`lpnb predict … --workers 1` from the bucket into the bucket."
    given = 's3://lab/model', 's3://lab/videos/', '-o', 's3://lab/results', '--batch-size', 8, '--labeled-video'
    return lpnb('predict', *given, '--workers', 1, *words, **options)


def test_jobs(bench, store, tmp_path, monkeypatch):
    "Units name URLs; a second call does what is missing, and notices a video that was replaced."
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local, 'run_local', lambda manifest, workers, say: Worker(manifest, say=say).run())
    said = by_jobs()
    manifest, = (tmp_path/'lpnb_jobs').glob('lab-results-*/jobs.json')
    text = manifest.read_text()
    assert '"s3://lab/videos/session0.mp4"' in text
    assert str(tmp_path) not in text
    assert '2 units: 2 done' in said
    assert same_rows(store, bench, 'session0.csv', 'lab/results/session0.csv')
    assert 'labeled_videos/session1_labeled.mp4' in names(store, 'lab/results')
    rows = pd.read_csv(store.open('lab/results/predictions_summary.csv'))
    assert rows[['status', 'frames']].to_numpy().tolist() == [['whole', 24]]*2

    store.rm_file('lab/results/session1.csv')
    assert '1 done, 1 waiting' in lpnb('jobs', 'status', manifest, code=3)
    by_jobs()
    assert same_rows(store, bench, 'session1.csv', 'lab/results/session1.csv')

    store.put_file(str(bench/'mouse'/'videos'/'session1.mp4'), 'lab/videos/session0.mp4')
    said = by_jobs(code=1)
    assert 's3://lab/results/session0.csv: holds predictions of another file' in said
    rows = pd.read_csv(store.open('lab/results/predictions_summary.csv'))
    assert rows['status'].tolist() == ['failed', 'whole']
    with local_web(bench/'mouse'/'videos') as server:
        link = f'{server.url}/session0.mp4?X-Amz-Signature=hidden'
        refused = lpnb('predict', bench/'model', link, '--workers', 1, '-o', tmp_path/'out', code=1)
        assert 'a query or a password, which would stand in the manifest' in refused
        assert 'hidden' not in refused
        assert not (tmp_path/'out').exists()
        lpnb('predict', bench/'model', link.partition('?')[0], '--workers', 1, '-o', tmp_path/'out', '--batch-size', 8)
    assert (tmp_path/'out'/'session0.csv').read_bytes() == (bench/'out'/'session0.csv').read_bytes()


def test_what_is_told_of_odd_videos(bench, store, tmp_path):
    "Errors, also those of jobs, name the link as it was given, port and all; nothing of the scratch folder."
    (tmp_path/'www').mkdir()
    (tmp_path/'www'/'torn.mp4').write_bytes(b'no video')
    (tmp_path/'www'/'empty.mp4').touch()
    with local_web(tmp_path/'www') as server:
        links = f'{server.url}/torn.mp4', f'{server.url}/empty.mp4'
        given = 'predict', bench/'model', *links, '-o'
        said = lpnb(*given, tmp_path/'here', code=1)
        manifest = by_jobs_of(given, tmp_path)
        said_by_jobs = lpnb('jobs', 'run', manifest, code=1)
        with pytest.raises(ValueError, match=f'{links[0]}: cannot be opened'):
            TrainedModel(bench/'model').predict_video(links[0], tmp_path/'a.csv', progress=False)
        manifest.write_text(manifest.read_text().replace('"precision": "32"', '"precision": "9"'))
        assert "precision '9': expected one of" in lpnb('jobs', 'run', manifest, code=1)
    for text in (said, said_by_jobs):
        assert f'error: {links[0]}: cannot be opened as a video' in text
        assert f'error: {links[1]}: the file is empty' in text
        assert 'scratch' not in text


def by_jobs_of(given, home):
    "The manifest of a prediction, of which nothing was run yet, in another precision."
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, 'run_local', lambda manifest, workers, say: None)
        lpnb(*given, home/'jobs', '--workers', 1, '--precision', '32', code=3)
    manifest = home/'jobs'/'jobs.json'
    assert '"precision": "32"' in manifest.read_text()
    return manifest


def test_killed_jobs(bench, store, tmp_path, monkeypatch):
    "A worker that is killed in the middle: the next one finishes, and clears its scratch away."
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local, 'run_local', lambda manifest, workers, say: None)
    by_jobs(code=3)
    manifest, = (tmp_path/'lpnb_jobs').glob('*/jobs.json')
    code = 'from lightning_pose_nb.cli.main import main; main()'
    run = 'jobs', 'run', str(manifest), '--shard', '1/1'
    process = subprocess.Popen([sys.executable, '-c', code, *run], stdout=subprocess.DEVNULL)
    end = time.monotonic()+120
    while not store.exists('lab/results/session0.csv'):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert list((tmp_path/'scratch').iterdir())
    assert '2 units: 2 done' in lpnb(*run)
    made = names(store, 'lab/results')
    assert {'session0.csv', 'session1.csv'} <= {*made}
    assert len([name for name in made if name.endswith('.mp4')]) == 2


def parameters(group, words=()):
    "Every argument and option of the commands in a group, with the words of its command."
    for name, command in group.commands.items():
        if isinstance(command, click.Group): yield from parameters(command, (*words, name))
        else: yield from (((*words, name), one) for one in command.params)


def test_no_command_takes_a_url_for_a_path():
    "A path of a command is a `LocalPath`, which refuses URLs; `predict` and `fetch` take them knowingly."
    found = [(words, one) for words, one in parameters(app) if isinstance(one.type, click.Path)]
    assert len(found) > 40
    odd = [(words, one.name) for words, one in found if not isinstance(one.type, LocalPath)]
    assert not odd
    taking = {words for words, one in found if isinstance(one.type, PathOrUrl)}
    assert taking == {('predict',)}
    for words, one in found:
        if words == ('predict',): continue
        with pytest.raises(click.BadParameter, match='a URL; expected a file or folder of this computer'):
            one.type.convert('s3://lab/a.mp4', one, None)


@pytest.mark.parametrize('read', [
    read_labels, read_predictions, find_videos, probe, check_project, lambda url: import_project(url, 'new'),
    lambda url: export_project(url, 'new'), lambda url: write_report(url, 'new.html')], ids=range(8))
def test_python_takes_no_url_for_a_path(read):
    "What reads or writes files of this computer says so, also when a slash of the URL is gone."
    for url in ('s3://lab/a.csv', Path('s3://lab/a.csv')):
        with pytest.raises(ValueError, match=r's3://lab/a.csv: a URL; .* lpnb fetch'): read(url)
    assert not Path('s3:').exists()


def test_config(bench):
    "Keys that name files refuse URLs, with the command that copies them."
    said = lpnb('check', bench/'mouse', 'data.video_dir=s3://lab/videos', 'data.data_dir=gs://lab/mouse', code=1)
    assert 's3://lab/videos, a URL' in said
    assert 'lpnb fetch gs://lab/mouse FOLDER' in said
    assert '2 errors' in said
