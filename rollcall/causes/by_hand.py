"""With what does a person look at an output by hand, wherever it lies?

Of what is typed each name is one word, whatever is in it; where no common command reaches a place its address is told.
"""

from __future__ import annotations

import re

from rollcall.causes.commands import plain
from rollcall.command_line import shell_word
from rollcall.roll.formats import formats
from rollcall.roll.output import Output
from rollcall.roll.place import Place

# What undoes a compression, from stdin or a file to stdout.
UNPACK = {"gzip": "gzip -cd", "bzip2": "bzip2 -cd", "xz": "xz -cd", "zstd": "zstd -cd"}
_PLAIN = re.compile(r"[A-Za-z0-9_.:/${}-]+")


def folder_word(output: Output) -> str:
    """Its folder, as one word of a command."""
    return shell_word(_folder(output))


def file_word(output: Output, name: str) -> str:
    """A file of it, as one word of a command."""
    return shell_word(f"{_folder(output)}/{name}")


def _folder(output: Output) -> str:
    """To the letter: two blanks in its name are not one."""
    return output.folder_shown if _elsewhere(output) else str(output.folder)


def listing_of(output: Output) -> str:
    """How its folder is listed."""
    place, folder = _elsewhere(output), folder_word(output)
    match place.protocol if place else "":
        case "":
            return f"`ls -lt {folder} | head`"
        case "s3" | "s3a":
            return f"`aws{_endpoint(place)} s3 ls {shell_word(f'{output.folder_shown}/')}`"
        case "gs" | "gcs":
            return f"`gcloud storage ls -l {folder}`"
        case "sftp" | "ssh":
            return f"`sftp {folder}`"
        case "http" | "https":
            return f"`curl -sI {folder}`"
    return plain(output.folder_shown)


def sight_of(output: Output, name: str, command: str, read_as: str) -> str:
    """How the beginning or the end (`command`: head, tail) of a file is seen, also where it is packed."""
    place, file = _elsewhere(output), file_word(output, name)
    unpack = UNPACK.get(read_as.rpartition(" ")[2])
    match place.protocol if place else "":
        case "":
            form, _, packed = read_as.partition(" in ")
            by_itself = formats()[form].looked_at_by if form in formats() else ""
            # tar undoes whatever it is packed in.
            if by_itself and (not packed or by_itself.startswith("tar ")):
                return f"`{by_itself.replace('{file}', file)}`"
            return f"`{unpack} {file} | {command}`" if unpack else f"`{command} {file}`"
        case "s3" | "s3a":
            fetch = f"aws{_endpoint(place)} s3 cp {file} -"
        case "gs" | "gcs":
            fetch = f"gcloud storage cat {file}"
        case "http" | "https":
            fetch = f"curl -s {file}"
        case _:
            return plain(f"{command} of {output.folder_shown}/{name}")
    return f"`{' | '.join(filter(None, (fetch, unpack, command)))}`"


def _elsewhere(output: Output) -> Place | None:
    return output.place if output.place and output.place.folder is None else None


def _endpoint(place: Place | None) -> str:
    """What asks another store than the one of AWS, its `${NAME}` left to the shell."""
    endpoint = str(place.options.get("endpoint_url", "")) if place else ""
    return f' --endpoint-url "{endpoint}"' if _PLAIN.fullmatch(endpoint) and "file:" not in endpoint else ""
