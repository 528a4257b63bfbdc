"""`python -m lightning_pose_nb` is the command `lpnb`, where that is not on the path."""
from .cli.main import main

if __name__ == '__main__': main()
