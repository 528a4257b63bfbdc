"Callbacks for trainings in several processes; each of them imports this file."
from pytorch_lightning.callbacks import Callback


class Double(Callback):
    "Trains in double precision: what differs then is no rounding error that Adam made large."

    def setup(self, trainer, module, stage):
        module.double()


class Dies(Callback):
    "Raises in one process after a batch."

    def __init__(self, rank, epoch, batch):
        self.place = (rank, epoch, batch)

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if (trainer.global_rank, trainer.current_epoch, batch_idx) == self.place:
            raise ValueError('somebody tripped over the cable')
