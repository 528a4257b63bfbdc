from .manifest import Manifest as Manifest, read_manifest as read_manifest, write_manifest as write_manifest
