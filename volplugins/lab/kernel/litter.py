"""What earlier calls left on a stack: words that point into images, most of them return addresses of real calls.

A real kernel stack is never cleared, so that its unused slots keep the traces of whatever ran there before; a walk that
takes any word behind a call instruction for a frame finds these too.
"""

from __future__ import annotations

import random

from volplugins.lab.machine.machine import LoadedImage, Machine

_SHARE = 0.4  # of all unused slots
_KERNEL = 0.6  # of the stale words point into the kernel, the others into a driver
_RETURN, _FUNCTION, _VARIABLE = 0.75, 0.87, 0.95  # of them, up to here; the rest points into what has been discarded


class Litter:
    """Chooses stale words for one stack.

    Attributes:
        left: address to word, of every one that was left.
    """

    def __init__(self, machine: Machine, purpose: str) -> None:
        self._random: random.Random = machine.random(f"litter {purpose}")
        self._kernel = machine.images["nt"]
        self._drivers = [loaded for stem, loaded in machine.images.items() if stem != "nt"]
        self.left: dict[int, int] = {}

    def spread(self, address: int, words: list[int], width: int) -> list[int]:
        """The words of unused slots from ``address`` on, some of them replaced."""
        spread = list(words)
        for index in range(len(words)):
            if self._random.random() < _SHARE:
                spread[index] = self.left[address + index * width] = self._word()
        return spread

    def _word(self) -> int:
        loaded = self._kernel if self._random.random() < _KERNEL else self._random.choice(self._drivers)
        return loaded.base + self._place(loaded)

    def _place(self, loaded: LoadedImage) -> int:
        """An offset into an image: behind a call, a function's start, a variable, or the discarded INIT section."""
        image, chance = loaded.image, self._random.random()
        returns = [at for label, at in image.sites.items() if ">" in label]
        if chance < _RETURN and returns:
            return self._random.choice(returns)
        if chance < _FUNCTION or ".data" not in image.sections:
            return self._random.choice(list(image.functions.values()))[0]
        start, _, size = image.sections[".data" if chance < _VARIABLE or "INIT" not in image.sections else "INIT"]
        return start + self._random.randrange(size)
