"Commands of `lpnb` in the process of a test."
from click.testing import CliRunner


def lpnb(*words, code=0) -> str:
    "Run a command in this process and return what it printed."
    from lightning_pose_nb.cli.main import app
    result = CliRunner().invoke(app, [str(word) for word in words], prog_name='lpnb')
    assert result.exit_code == code, f'{words}: {result.output}\n{result.exception!r}'
    assert 'Traceback' not in result.output
    return result.output
