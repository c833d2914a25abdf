"""The engine of the app: a child process that does all work, and the jobs that it is given."""

from .engine import Engine
from .job import Job
from .process import EngineDiedError

__all__ = ["Engine", "EngineDiedError", "Job"]
