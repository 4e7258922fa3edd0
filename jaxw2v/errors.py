"""The errors that reach a user as one clear line."""

import errno

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no room: on the disk, in a quota, for so large a file."""


class InputError(Exception):
    """What the user gave cannot be used: says what, where, and what to do."""


class TrainingDiverged(RuntimeError):
    """The loss or a table stopped being finite; the vectors of the last good epoch are kept."""


class Interrupted(KeyboardInterrupt):
    """The user stopped the run; the message says what is left of it."""


class ProcessLost(RuntimeError):
    """Another process of the run has ended, so that this one cannot go on."""
