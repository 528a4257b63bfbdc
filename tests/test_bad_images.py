"""Image files as laboratories have them: each case by its pixel values, and by what check, train and predict say."""
import os
import warnings

import av
import numpy as np
import pytest
from bad_images import CASES, FORMATS, SCENE, SPOTS, TURNED, stack
from PIL import Image

from lightning_pose_nb import check_project, make_project, train
from lightning_pose_nb.data.labels import read_labels
from lightning_pose_nb.inference.batches import PredictOptions
from lightning_pose_nb.inference.images import predict_images
from lightning_pose_nb.models.testing import spot_model
from lightning_pose_nb.video.images import (
    MEMORY,
    ImageError,
    find_damaged,
    image_names,
    image_size,
    images_depth,
    read_image,
)
from lightning_pose_nb.video.sequential import read_frames

QUIET = PredictOptions(progress=False)
READ = [case for case in CASES if isinstance(case.expect, np.ndarray)]
REFUSED = [case for case in CASES if isinstance(case.expect, str)]


def test_the_suite_is_large_enough():
    assert len(CASES) >= 45
    assert len({case.name for case in CASES}) >= 60


@pytest.mark.parametrize('case', READ, ids=str)
def test_shows_the_scene(case, tmp_path, capfd):
    path = case.make(tmp_path)
    found = read_image(path).astype(int)
    expected = case.expect if case.expect.ndim == 3 else np.repeat(case.expect[..., None], 3, axis=2)
    lossy = path.suffix in ('.jpg', '.gif', '.webp') or 'palette' in case.name
    assert found.shape == expected.shape
    assert np.abs(found-expected).mean() < (4 if lossy else 0.6)
    assert np.abs(found-expected).max() < (60 if lossy else 2)
    assert image_size(path) == (64, 96)
    assert find_damaged([path.name], tmp_path) == {}
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize('case', REFUSED, ids=str)
def test_says_why_it_cannot_be_read(case, tmp_path, capfd):
    path = case.make(tmp_path)
    with pytest.raises(ImageError, match=r'^[^\n]+$') as raised: read_image(path)
    message = str(raised.value)
    assert case.expect in message
    assert message.count(str(path)) == 1
    assert find_damaged([path.name], tmp_path) == {path.name: raised.value.reason}
    if os.path.isfile(path) and 'stack' not in case.expect:
        with pytest.raises(ValueError, match='1 of 1 images') as raised:
            predict_images(spot_model(tmp_path/'model'), [path.name], tmp_path, options=QUIET)
        assert case.expect in str(raised.value)
    assert capfd.readouterr() == ('', '')


def test_finds_the_keypoints_of_every_colour_image(tmp_path):
    for case in [*FORMATS, *TURNED]:
        if case.expect is not SCENE: continue
        place = tmp_path/case.make.__qualname__/str(len(list(tmp_path.rglob('*'))))
        place.mkdir(parents=True)
        case.make(place)
    table = predict_images(spot_model(tmp_path/'model'), tmp_path, options=QUIET)
    assert len(table) == sum(case.expect is SCENE for case in [*FORMATS, *TURNED]) > 40
    worst = np.abs(table.xy-SPOTS).max(axis=(1, 2))
    assert worst.max() < 0.6, table.index[int(worst.argmax())]


@pytest.mark.parametrize('suffix', ['tif', 'gif', 'png', 'webp'])
def test_a_stack_has_a_row_for_every_page(suffix, tmp_path):
    path = stack(suffix)(tmp_path)
    model = spot_model(tmp_path/'model')
    for images in ([path.name], tmp_path):
        table = predict_images(model, images, tmp_path, options=QUIET)
        assert table.index == [f'{path.name}[{n}]' for n in range(4)]
        for n,xy in enumerate(table.xy): assert np.abs(xy-SPOTS-(n, 0)).max() < 0.6
    assert [image_size(name) for name in image_names(path)] == [(64, 96)]*4


def test_a_dark_image_beside_bright_ones_stays_dark(tmp_path):
    for name, brightness in (('bright.png', 4095), ('dim.png', 1000), ('dark.png', 200)):
        Image.fromarray(np.full((8, 8), brightness, np.uint16)).save(tmp_path/name)
    names = ['dark.png', 'dim.png', 'bright.png']
    depth = images_depth(names, tmp_path)
    assert [int(read_image(tmp_path/name, depth).max()) for name in names] == [12, 62, 255]
    assert [int(read_image(tmp_path/name).max()) for name in names] == [12, 62, 255]


@pytest.mark.parametrize('values', [(65535, 300, 0), (257*40000//257, 12, 5)])
def test_images_that_use_16_bits_are_what_they_were(values, tmp_path):
    image = np.array(values, np.uint16).reshape(1, -1)
    Image.fromarray(image).save(tmp_path/'deep.png')
    assert read_image(tmp_path/'deep.png')[..., 0].tolist() == np.round(image/257).astype(int).tolist()


@pytest.mark.parametrize(('brightest', 'factor'), [(4095, 4095/255), (1023, 1023/255), (65535, 257)])
def test_16_bit_video_is_scaled_by_what_it_uses(brightest, factor, tmp_path):
    with av.open(str(tmp_path/'deep.mkv'), 'w') as container:
        stream = container.add_stream('ffv1', rate=30)
        stream.width, stream.height, stream.pix_fmt = 96, 64, 'gray16le'
        for shade in (255, 100, 20):
            words = np.full((64, 96), round(shade*factor), np.uint16)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(words, format='gray16le')))
        container.mux(stream.encode())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        shades = [int(frame.max()) for frame in read_frames(tmp_path/'deep.mkv')]
    assert np.abs(np.array(shades)-(255, 100, 20)).max() <= 1
    assert any('data.pixel_depth' in str(warning.message) for warning in caught) == (brightest < 65535)


@pytest.mark.skipif(not hasattr(os, 'geteuid') or os.geteuid() == 0, reason='every file may be read by root')
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    Image.fromarray(SCENE).save(tmp_path/'secret.png')
    (tmp_path/'secret.png').chmod(0)
    with pytest.raises(ImageError, match='may not read'): read_image(tmp_path/'secret.png')


SMALL = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64, 'model.backbone': 'test_resnet',
    'training.max_epochs': 1, 'training.check_val_every_n_epoch': 1, 'training.unfreezing_epoch': 0,
    'training.accelerator': 'cpu', 'eval.predict_vids_after_training': False}


@pytest.fixture
def project(tmp_path):
    "A small project, and the files of its labelled images."
    config = make_project(tmp_path/'mouse', n_frames=10, n_videos=1, n_video_frames=40, n_test_videos=0)
    images = read_labels(config.parent/'CollectedData.csv').images
    return config, [config.parent/image for image in images]


def said(config, *words):
    "What check finds of which all words are said."
    problems = [str(problem) for problem in check_project(config, SMALL)]
    return [problem for problem in problems if all(word in problem for word in words)]


def test_a_project_of_a_12_bit_camera(project, tmp_path):
    config, images = project
    grey = {path: np.asarray(Image.open(path).convert('L')) for path in images}
    for path, values in grey.items(): Image.fromarray(values.astype(np.uint16)*16).save(path)
    assert len(said(config, 'data.pixel_depth', '12 bits')) == 1
    model = train(config, tmp_path/'deep', SMALL, progress=False)
    assert model.cfg.data.pixel_depth == 12
    deep = model.predict_images(images, progress=False)
    for path, values in grey.items():
        Image.fromarray(np.round(values.astype(float)*16*255/4095).astype(np.uint8)).save(path)
    assert np.array_equal(model.predict_images(images, progress=False).xy, deep.xy)


def test_a_project_of_turned_photographs(project):
    config, images = project
    shown = read_image(images[0])
    note = Image.Exif()
    note[0x112] = 6
    for path in images[:3]: Image.open(path).transpose(Image.Transpose.ROTATE_90).save(path, exif=note)
    assert np.array_equal(read_image(images[0]), shown)
    assert len(said(config, '3 of 10 labelled images', 'EXIF')) == 1
    assert not said(config, 'in an image')  # no keypoint outside


@pytest.mark.parametrize('spoil', ['cut', 'float', 'stack'])
def test_a_bad_labelled_image_is_found_before_anything_is_trained(spoil, project, tmp_path, capfd):
    config, images = project
    bad = images[3]
    if spoil == 'cut': bad.write_bytes(bad.read_bytes()[:2000])
    elif spoil == 'float': Image.fromarray(np.full((20, 20), 100, np.float32)).save(bad, 'TIFF')
    else: Image.open(bad).save(bad, 'TIFF', save_all=True, append_images=[Image.open(images[4])])
    reason = {'cut': 'is cut off', 'float': 'holds float32 values', 'stack': 'is a stack of 2 images'}[spoil]
    for _ in range(2):  # the second time it is remembered
        [problem] = said(config, bad.name, reason)
        assert problem.count(str(bad.parent.name)) == 1
    with pytest.raises(ValueError, match=bad.name): train(config, tmp_path/'model', SMALL, progress=False)
    assert not (tmp_path/'model').exists()
    assert 'OpenCV' not in capfd.readouterr().err


def test_a_read_only_folder_is_checked_all_the_same(project, monkeypatch):
    config, images = project
    def refuse(*_): raise PermissionError(13, 'Permission denied')
    monkeypatch.setattr('lightning_pose_nb.video.images.write_atomic', refuse)
    assert not said(config, 'Permission')
    assert not (config.parent/MEMORY).exists()
    assert len(images) == 10
