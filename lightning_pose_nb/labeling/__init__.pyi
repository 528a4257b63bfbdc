from .frame_extraction import choose_frames as choose_frames, extract_frames as extract_frames
from .label_book import LabelBook as LabelBook
from .multiview_label_book import ViewBooks as ViewBooks
from .frame_suggestions import suggest_frames as suggest_frames
