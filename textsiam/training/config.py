"""Every option of training, with its bounds; the same names stand in TOML files and on the command line."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from textsiam.errors import OptionError
from textsiam.model.architecture import WITHOUT, Architecture
from textsiam.model.options import known_options, option
from textsiam.training.loss_rules import (
    AUTO,
    LOSS_RULES,
    WeightedLoss,
    learns_probability,
    parse_losses,
    resolve_losses,
)
from textsiam.training.presets import with_preset
from textsiam.training.toml_options import read_toml, toml_line

if TYPE_CHECKING:
    from textsiam.model.pair_model import PairModel

# the value of "margin" that means: the loss's own default
AUTO_MARGIN = -2.0
TEMPERATURE = 0.05
POSITIVE_WEIGHT = 1.0

LONGEST_CHAR_NGRAM = 8


def _check_char_ngrams(text: str) -> None:
    lengths = text.split(",") if text else []
    known = {str(length) for length in range(1, LONGEST_CHAR_NGRAM + 1)}
    if len(set(lengths)) < len(lengths) or not known.issuperset(lengths):
        raise OptionError(
            f"char_ngrams is {text!r}, expected different numbers, 1 to {LONGEST_CHAR_NGRAM}, such as '3,4,5', or ''"
        )


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Architecture):
    """The architecture and how it is trained; checked at birth.

    Parameters
    ----------
    loss
        One loss, or a sum such as "bce+in_batch:0.5" (the weight behind a colon). "bce" and "squared_error" train the
        heads alignment, mlp, dot, manhattan and squared_euclidean; "contrastive" and "online_contrastive" train cosine
        and euclidean; "cosine_embedding", "squared_error", "cosent", "in_batch", "triplet_all", "triplet_hard" and
        "triplet_semi_hard" train cosine. Those of cosine can be added to the loss of any other head: they then take the
        cosine of the two vectors. "auto" is "contrastive" for cosine and euclidean, "bce" for other heads, and
        "squared_error" for graded labels, which online_contrastive, in_batch and the triplet losses do not take.
    margin
        Of the contrastive losses (above 0), the cosine-embedding loss (-1 to 1) and the triplet losses (above 0, to 2),
        the same for all in a sum; -2 takes each loss's own default: 0.8 between cosines and 2 between euclidean
        distances, 0.5 in cosine_embedding, 0.2 between triplets.
    temperature
        What in_batch and cosent divide cosines by, the same for both in a sum: the lower it is, the more the hardest
        texts and pairs count.
    positive_weight
        What the loss of a pair of label 1 counts, against 1 for label 0, in bce, contrastive, online_contrastive and
        cosine_embedding: above 1 where pairs that are the same are rare, such as 9 where they are a tenth. "balanced"
        has the same aim in every loss, but draws the rarer pairs again and again, and its epochs are longer; this takes
        each pair of an epoch once. Together they count twice.
    label_smoothing
        Of bce, and of squared_error where it takes a probability (with every head but cosine and euclidean): labels are
        moved by half of this share towards each other, so that 0.1 makes 0.05 of 0 and 0.95 of 1. For labels of which
        some are wrong. The other losses of a sum keep theirs.
    epochs
        Passes over the training pairs; the learning rate is planned for all of them.
    batch_size
        Pairs a step, of all processes together where several train (torchrun). Losses that compare pairs or texts of a
        batch with each other (cosent, in_batch, online_contrastive, triplets) do so in each process's part alone.
    learning_rate
        Highest rate of AdamW, reached after the warm-up; it then falls to 0 along a cosine.
    weight_decay
        Of AdamW, on matrices other than the embedding.
    warmup
        Share of all steps in which the rate rises.
    clip
        Largest norm of the gradient; larger ones are scaled down.
    averaging
        Share of the average of all earlier weights that each step keeps (less in the first ones): dev then judges, and
        the model gets, that average, while training goes on with the weights themselves. 0.999 averages the last 1,000
        steps or so, and wants a run several times as long; 0 takes the weights as they are.
    dropout
        Share of embedding components, of states between layers and of head activations set to 0 while training.
    word_dropout
        Share of the tokens of each text that are hidden from the encoder while training: they embed as zeros, in their
        places.
    ngram_dropout
        Share of the steps of training that leave n-grams (``ngrams``) out, for all texts of the batch; in the others
        they count the more. N-grams learn by heart which texts come up together, and an LSTM or GRU beside them has
        nothing left to learn; with 0.5 both learn, if they have more epochs. A bag gains nothing. Of several processes
        each leaves them out in steps of its own.
    subword_sampling
        Share of the tokens that are replaced by the smaller tokens that spell them, and so on for a share of these: for
        each batch anew, while training alone, so that rare words are known by their parts. 0.1 is a usual share; tokens
        of "word" and "char" vocabularies have no parts.
    balanced
        Draw as many pairs of label 1 as of label 0 (the rarer ones again and again).
    implied
        How many pairs to add, at most, for each training pair, out of those that the training pairs imply: texts that
        are the same over others (a = b and b = c: a = c), and texts that differ since one of them is the same as a text
        that the other differs from (a = b, b differs from c: so does a). 0.2 adds up to a fifth, about as many of them
        the same as of the training pairs; 0 adds none. Labels must be right: one that is wrong implies more such. Pairs
        of dev are never added; those of a test set may be, unless it shares no component with the training pairs.
    char_ngrams
        Lengths of the character n-grams, such as "3,4,5" (1 to 8), by which tokens that are spelled alike share a part
        of their embeddings while training (a step takes longer); of any encoder but your own. They are added up
        afterwards: the model is no larger and no slower. "" shares nothing.
    hard_negatives
        How many pairs of label 0 to add for each training pair in every epoch but the first: texts that the model of
        the moment finds near each other and no label says are the same, found anew before each epoch. 0.1 adds a tenth
        (for 370,000 pairs and vectors of 128 in about a minute an epoch on one core); 0 adds none. Near texts are often
        the same without a label: those nearer than half of the known same pairs are left out. Pairs of dev are never
        added. The first epoch, and one in which fewer are found, takes given pairs of label 0 once more in their place.
    pretrain_epochs
        Passes over the texts without labels (--texts) that the encoder learns from before it is trained on pairs, those
        of the pairs among them: a text is to be told from all others of a batch though words of it were deleted. Not
        used without such texts.
    vocabulary_size
        Tokens of the vocabulary that is built from the training texts, and from those without labels if there are any;
        not used with a ready vocabulary.
    vocabulary_type
        "unigram", "bpe", "word" or "char".
    freeze_vectors
        Keep the embeddings that word vectors gave as they are, those composed of several vectors too; embeddings of
        tokens without a vector are learned all the same.
    evaluate_every
        Steps between evaluations on dev; 0 evaluates at the end of each epoch.
    patience
        Evaluations without a better dev ROC-AUC (graded: Spearman) before training stops; 0 never stops.
    precision
        "fp32", "bf16" (numbers of 8 bits of precision in products, weights and sums in fp32), or "auto": bf16 on a GPU
        (of compute capability 8 or more) and on a processor with matrix instructions for it (AMX), fp32 elsewhere. A
        wide LSTM trains faster in "bf16" on a processor with AVX512-BF16, too.
    device
        "cpu", "cuda", or "auto": the GPU where there is one.
    threads
        Threads that torch uses on the processor, shared out among several processes; 0 leaves torch's choice.
    seed
        Of everything random; equal seed on an equal machine gives equal weights.
    """

    loss: str = option(AUTO, check=parse_losses)
    margin: float = option(AUTO_MARGIN, low=AUTO_MARGIN, high=100)
    temperature: float = option(TEMPERATURE, low=1e-3, high=100)
    positive_weight: float = option(POSITIVE_WEIGHT, low=1e-3, high=1000)
    label_smoothing: float = option(0.0, low=0, high=0.5)
    epochs: int = option(4, low=1, high=10_000)
    batch_size: int = option(256, low=2, high=1_000_000)
    learning_rate: float = option(2e-3, low=1e-8, high=10)
    weight_decay: float = option(0.01, low=0, high=10)
    warmup: float = option(0.05, low=0, high=1)
    clip: float = option(1.0, low=1e-6, high=1e9)
    averaging: float = option(0.0, low=0, high=0.99999)
    dropout: float = option(0.2, low=0, high=0.95)
    word_dropout: float = option(0.0, low=0, high=0.95)
    ngram_dropout: float = option(0.0, low=0, high=0.95)
    subword_sampling: float = option(0.0, low=0, high=0.95)
    balanced: bool = option(False)
    implied: float = option(0.0, low=0, high=1)
    char_ngrams: str = option("", check=_check_char_ngrams)
    hard_negatives: float = option(0.0, low=0, high=1)
    pretrain_epochs: int = option(1, low=1, high=10_000)
    vocabulary_size: int = option(16_000, low=4, high=1_000_000)
    vocabulary_type: str = option("unigram", choices=("unigram", "bpe", "word", "char"))
    freeze_vectors: bool = option(False)
    evaluate_every: int = option(0, low=0)
    patience: int = option(0, low=0)
    precision: str = option("auto", choices=("auto", "fp32", "bf16"))
    device: str = option("auto", choices=("auto", "cpu", "cuda"))
    threads: int = option(0, low=0, high=1024)
    seed: int = option(0, low=0, high=2**32 - 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.losses(graded=False)
        if self.subword_sampling and self.vocabulary_type in ("word", "char"):
            raise OptionError(
                f"subword_sampling is {self.subword_sampling:g}, but tokens of vocabulary_type "
                f"{self.vocabulary_type!r} do not fall into smaller ones; leave it out"
            )
        if self.ngram_dropout and self.ngrams == 1:
            raise OptionError(
                f"ngram_dropout is {self.ngram_dropout:g}, but ngrams is 1 and there are no n-grams; leave it out"
            )
        if self.hard_negatives and self.epochs == 1:
            raise OptionError(
                f"hard_negatives is {self.hard_negatives:g}, but they are found from the second epoch on and epochs "
                "is 1; raise epochs or leave it out"
            )

    @property
    def architecture(self) -> Architecture:
        """The part that the trained model is made of."""
        names = [field.name for field in dataclasses.fields(Architecture)]
        return Architecture(**{name: getattr(self, name) for name in names})

    @property
    def dropouts(self) -> tuple[float, float, float]:
        """The shares that a network drops, in its order."""
        return self.dropout, self.word_dropout, self.ngram_dropout

    def losses(self, *, graded: bool) -> tuple[WeightedLoss, ...]:
        """Give the losses that are added up, with what "auto" stands for.

        Raises OptionError where the head or a loss cannot learn grades, or no loss has a use for ``margin``,
        ``temperature``, ``positive_weight`` or ``label_smoothing``, or one cannot take that margin.
        """
        losses = resolve_losses(self.loss, self.head, graded=graded)
        rules = {loss.name: LOSS_RULES[loss.name] for loss in losses}
        names = " + ".join(map(repr, rules))
        for name, default in (("temperature", TEMPERATURE), ("positive_weight", POSITIVE_WEIGHT)):
            value = getattr(self, name)
            if value != default and not any(getattr(rule, name) for rule in rules.values()):
                raise OptionError(f"{name} is {value:g}, but loss {names} has none; leave it out")
        if self.label_smoothing and not any(learns_probability(name, self.head) for name in rules):
            raise OptionError(
                f"label_smoothing is {self.label_smoothing:g}, but loss {names} with head {self.head!r} learns no "
                "probability; leave it out"
            )
        if self.margin == AUTO_MARGIN:
            return losses
        margins = {name: rule.margin for name, rule in rules.items() if rule.margin is not None}
        if not margins:
            raise OptionError(f"margin is {self.margin:g}, but loss {names} has none; leave it out")
        for name, (low, high) in margins.items():
            if not low <= self.margin <= high:
                raise OptionError(f"margin is {self.margin:g}, expected {low:g} to {high:g} for loss {name!r}")
        return losses

    def to_toml(self, reading: Mapping[str, str | bool | Sequence[str | int]] | None = None) -> str:
        """Return all options as TOML that ``from_toml`` reads back equal, and ``reading`` as the table [reading].

        Raises OptionError for a text that TOML cannot hold, as it is no valid Unicode.
        """
        lines = [toml_line(name, value) for name, value in dataclasses.asdict(self).items()]
        if reading:
            lines += ["", "[reading]", *(toml_line(name, value) for name, value in reading.items())]
        return "\n".join(lines) + "\n"

    @classmethod
    def like(cls, model: PairModel, options: Mapping[str, Any] | None = None) -> Self:
        """Return ``options`` with what they leave open of the architecture as ``model`` has it, to go on from it.

        An encoder or head that the options change takes over nothing that it has no use for. Raises OptionError for a
        name that is no option, and as the constructor does.
        """
        given = known_options(cls, dict(options or {}), f"{cls.__name__}.like")
        default_of = {field.name: field.default for field in dataclasses.fields(Architecture)}
        options = {name: getattr(model.architecture, name) for name in default_of} | given
        for (part, kind), useless in WITHOUT.items():
            if options[part] == kind:
                options |= {name: default_of[name] for name in useless if name not in given}
        return cls(**options)

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read the training options of a TOML file; OptionError names the file and an option that it has wrong."""
        written = read_toml(path, cls)
        return cls(**with_preset(written.preset, written.training))

    @classmethod
    def preset(cls, name: str, options: Mapping[str, Any] | None = None) -> Self:
        """Make the options of a preset ("fast", "balanced" or "accurate"), of which those in ``options`` win.

        An encoder or head that they change takes nothing of the preset that it has no use for. Raises OptionError for a
        name that is no preset's or no option's.
        """
        return cls(**with_preset(name, known_options(cls, dict(options or {}), cls.__name__)))
