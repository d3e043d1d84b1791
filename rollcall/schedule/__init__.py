"""When was it due, when is it due next, in this engine's own arithmetic?"""

from rollcall.schedule.base import Engine, Schedule
from rollcall.schedule.every import Every
from rollcall.schedule.reading import read_schedule

__all__ = ["Engine", "Every", "Schedule", "read_schedule"]
