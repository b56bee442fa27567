"""Files: what bots upload, and what people would have sent."""

import base64
from dataclasses import dataclass
from typing import Any

from .errors import Json, Misuse, bad
from .wire import Upload

FOLDERS = {
    "photo": "photos",
    "video": "videos",
    "animation": "animations",
    "audio": "music",
    "document": "documents",
    "voice": "voice",
    "video_note": "video_notes",
    "sticker": "stickers",
}
# What a file of each kind looks like when nobody says otherwise; sizes in bytes, durations in seconds.
LOOKS: dict[str, Json] = {
    "photo": {"width": 1280, "height": 960, "file_size": 120_000},
    "video": {
        "width": 1280,
        "height": 720,
        "duration": 5,
        "mime_type": "video/mp4",
        "file_name": "video.mp4",
        "file_size": 900_000,
    },
    "animation": {
        "width": 320,
        "height": 240,
        "duration": 2,
        "mime_type": "video/mp4",
        "file_name": "animation.mp4",
        "file_size": 90_000,
    },
    "audio": {
        "duration": 120,
        "mime_type": "audio/mpeg",
        "title": "Title",
        "performer": "Performer",
        "file_name": "audio.mp3",
        "file_size": 2_000_000,
    },
    "document": {"mime_type": "application/pdf", "file_name": "document.pdf", "file_size": 40_000},
    "voice": {"duration": 3, "mime_type": "audio/ogg", "file_size": 12_000},
    "video_note": {"duration": 4, "length": 240, "file_size": 300_000},
    "sticker": {
        "width": 512,
        "height": 512,
        "type": "regular",
        "is_animated": False,
        "is_video": False,
        "emoji": "\N{THUMBS UP SIGN}",
        "set_name": "sandbox",
        "file_size": 20_000,
    },
}
EXTENSIONS = {
    "photo": ".jpg",
    "video": ".mp4",
    "animation": ".mp4",
    "audio": ".mp3",
    "document": "",
    "voice": ".oga",
    "video_note": ".mp4",
    "sticker": ".webp",
}
# How the pictures that every browser shows begin.
PICTURES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)
DOWNLOAD_LIMIT = 20 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024


@dataclass(slots=True)
class File:
    """A stored file: `face` is what a message shows of it (for a photo, its list of sizes)."""

    kind: str
    face: Any
    path: str
    size: int
    data: bytes


class Files:
    """All files, by file_id and by path."""

    def __init__(self) -> None:
        self.by_id: dict[str, File] = {}
        self.by_path: dict[str, File] = {}

    def send(self, kind: str, given: str | Upload, uploads: Json) -> Any:
        """What the message shows of a file that a bot sends: a file_id, an upload or attach://name."""
        if isinstance(given, str) and given.startswith("attach://"):
            name = given.removeprefix("attach://")
            given = uploads.get(name, "")
            if not isinstance(given, Upload):
                raise bad(f'attached file "{name}" not found')
        if isinstance(given, Upload):
            return self.upload(kind, given)
        if given.startswith(("http://", "https://")):
            raise bad("failed to get HTTP URL content")
        file = self.by_id.get(given)
        if file is None:
            raise bad("wrong file identifier/HTTP URL specified")
        if file.kind != kind and {file.kind, kind} != {"document", "animation"}:
            have, want = (word.replace("_", " ").title().replace(" ", "") for word in (file.kind, kind))
            raise bad(f"can't use file of type {have} as {want}")
        return file.face

    def upload(self, kind: str, upload: Upload) -> Any:
        if not upload.data:
            raise bad("file must be non-empty")
        if len(upload.data) > (PHOTO_LIMIT if kind == "photo" else UPLOAD_LIMIT):
            raise bad("file is too big")
        look: Json = {**LOOKS[kind], "file_size": len(upload.data)}
        if "mime_type" in look:
            look["mime_type"] = upload.mime
        if "file_name" in look:
            look["file_name"] = upload.name
        return self._store(kind, look, upload.data)

    def from_person(self, kind: str, given: Any) -> Any:
        """A plausible file; `given` is True, or fields that overrule the plausible ones.

        The field `base64` gives its bytes.
        """
        if isinstance(given, list):
            return given
        wishes = dict(given) if isinstance(given, dict) else {}
        data = base64.b64decode(wishes.pop("base64")) if "base64" in wishes else None
        look = {**LOOKS[kind], **({"file_size": len(data)} if data is not None else {}), **wishes}
        if "file_id" in look and look["file_id"] in self.by_id:
            return self.by_id[look["file_id"]].face
        return self._store(kind, look, data)

    def _store(self, kind: str, look: Json, data: bytes | None) -> Any:
        number = len(self.by_id) + 1
        path = f"{FOLDERS[kind]}/file_{number}{EXTENSIONS[kind] or _extension(look)}"
        size = int(look.get("file_size", 0))
        if data is None:
            # As many bytes as it claims would cost memory and prove nothing: the content is its own path.
            data = path.encode()
        face: Any = {"file_id": f"{kind}-{number:06d}", "file_unique_id": f"u{number:06d}", **look}
        if kind == "photo":
            face = self._sizes(face, look)
        file = File(kind, face, path, size, data)
        for shown in face if kind == "photo" else [face]:
            self.by_id[shown["file_id"]] = file
        self.by_path[path] = file
        return face

    def _sizes(self, face: Json, look: Json) -> list[Json]:
        small = {
            "file_id": f"{face['file_id']}-s",
            "file_unique_id": f"{face['file_unique_id']}s",
            "width": 90,
            "height": max(1, 90 * look["height"] // look["width"]),
            "file_size": 1_500,
        }
        return [small, face]

    def describe(self, file_id: str) -> Json:
        """The File object that getFile answers with."""
        file = self.by_id.get(file_id)
        if file is None:
            raise bad("invalid file_id")
        shown = next(each for each in _faces(file) if each["file_id"] == file_id)
        if shown.get("file_size", 0) > DOWNLOAD_LIMIT:
            raise bad("file is too big")
        return {
            "file_id": file_id,
            "file_unique_id": shown["file_unique_id"],
            "file_size": shown.get("file_size", len(file.data)),
            "file_path": file.path,
        }

    def forget(self, file_id: str) -> None:
        """Make a file unknown, as an identifier of another bot would be."""
        if self.by_id.pop(file_id, None) is None:
            raise Misuse(f"there is no file {file_id}")


def _faces(file: File) -> list[Json]:
    return file.face if isinstance(file.face, list) else [file.face]


def _extension(look: Json) -> str:
    name = str(look.get("file_name", ""))
    return "." + name.rsplit(".", 1)[1] if "." in name else ""


def picture_type(data: bytes) -> str:
    """The content type of a picture by its first bytes; anything else is only bytes."""
    return next((name for start, name in PICTURES if data.startswith(start)), "application/octet-stream")
