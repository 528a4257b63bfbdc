from .poses import LivePose as LivePose, LiveSummary as LiveSummary
from .sources import open_camera as open_camera, video_source as video_source
from .stream import LiveStream as LiveStream
from .recording import CsvSink as CsvSink
from .messages import OscSink as OscSink, ProcessorSink as ProcessorSink, UdpSink as UdpSink, ZmqSink as ZmqSink
