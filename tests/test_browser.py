"The widgets, used by hand: in JupyterLab and in Voilà."
import browser
import pytest


@pytest.fixture(autouse=True)
def _browser(): browser.need_browser()


COUNTER = '''
import ipywidgets as widgets
from matplotlib.figure import Figure
from lightning_pose_nb.snapshots import HIDE_CSS, Snapshot, figure_png

class Counter(widgets.VBox):
    def __init__(self):
        self.button = widgets.Button(description='0')
        super().__init__([widgets.HTML(f'<style>{HIDE_CSS}</style>'), self.button])
        self.button.on_click(self.count)
        self.snapshot = Snapshot(self, self.picture, wait=.2)
    def count(self, _):
        self.button.description = str(int(self.button.description)+1)
        self.snapshot.touch()
    def picture(self):
        fig = Figure((2, 1))
        fig.text(.4, .4, self.button.description, size=30)
        return figure_png(fig)
    def _ipython_display_(self): self.snapshot.show()

Counter()
'''


@pytest.mark.parametrize('kind', ['lab', 'voila'])
def test_a_picture_stays(kind, tmp_path):
    "While a widget lives its picture is hidden; without a kernel the picture is what the saved notebook shows."
    notebook = browser.write_notebook(tmp_path/'counter.ipynb', COUNTER)
    picture = '.jp-OutputArea-child img'
    with browser.opened(kind, notebook, tmp_path/'home') as page:
        button = page.locator('.lpnb-live button')
        button.wait_for(timeout=120_000)
        page.locator(picture).wait_for(state='attached', timeout=20_000)
        before = page.locator(picture).get_attribute('src')
        assert not page.locator(picture).is_visible()
        button.click()
        page.wait_for_function("document.querySelector('.lpnb-live button').innerText === '1'", timeout=20_000)
        page.screenshot(path=browser.artefacts()/f'snapshot-{kind}-live.png')
        if kind == 'voila': return # Voilà saves nothing
        page.wait_for_function('([sel, old]) => document.querySelector(sel).src !== old', arg=[picture, before], timeout=20_000)
        page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        page.wait_for_timeout(1000)
    with browser.opened(kind, notebook, tmp_path/'later', run=False) as page:
        page.locator(picture).wait_for(timeout=60_000)
        page.screenshot(path=browser.artefacts()/'snapshot-lab-later.png')
        assert page.locator(picture).get_attribute('src') != before
