"""Recipes: the document's way to train, and the changes that make it better.

The name of a recipe says what it is made of. ``plain`` is the document's recipe;
``plain+affine`` makes one change to it; ``robust`` makes all changes that the book
recommends, and ``robust-affine`` all but one.
"""

from dataclasses import dataclass, replace
from functools import partial
import re

import numpy as np

from digitlib._internal.checks import check_count, check_images, check_weights
from digitlib.errors import DigitlibError
from digitlib.model import build_model


@dataclass(frozen=True)
class Recipe:
    """How to train, by default as the document; distortions are ``augment``'s."""

    batch_size: int = 32  #: images that share a step
    rate: float = 0.001  #: Adam's learning rate; with a schedule, the highest
    #: Whether the rate climbs during the first epoch (Goyal et al. 2017) and then falls
    #: to zero along half a cosine wave (Loshchilov and Hutter 2017)
    schedule: bool = False
    #: How much of itself a running average of the weights keeps at each step. If not 0,
    #: the average is what training returns (Polyak and Juditsky 1992)
    average: float = 0.0
    decay: float = 0.0  #: weight decay (Loshchilov and Hutter 2019)
    #: Batch normalization while training (Ioffe and Szegedy 2015); `fold` makes it
    #: vanish afterwards
    normalize: bool = False
    affine: bool = False  #: images are turned, stretched, slanted and moved
    elastic: bool = False  #: images are bent (Simard et al. 2003)
    ink: bool = False  #: strokes become thicker and thinner
    fade: bool = False  #: distortions become milder, at the end half as strong
    #: Learn from the probabilities of a larger network (Hinton, Vinyals and Dean 2015),
    #: trained by the recipe ``robust``
    teacher: bool = False


ROBUST = ("schedule", "normalize", "affine", "elastic", "ink", "fade")
CHANGES = {
    "schedule": {"batch_size": 128, "rate": 0.008, "schedule": True},
    "average": {"average": 0.999},
    "decay": {"decay": 0.05},
    **{name: {name: True} for name in (*ROBUST[1:], "teacher")},
}
"""What each change sets, by its name."""


def find_recipe(name):
    """Return the `Recipe` that has a name; given a Recipe, the same.

    Parameters
    ----------
    name : str or Recipe
        ``"plain"`` or ``"robust"``, followed by any number of changes: ``+change`` to
        make one, ``-change`` to leave one out.

    Raises
    ------
    DigitlibError
        If there is no such recipe or change.
    """
    if isinstance(name, Recipe):
        return name
    base, *changes = re.split(r"(?=[+-])", name) if isinstance(name, str) else [None]
    unknown = [change for change in changes if change[1:] not in CHANGES]
    if base not in ("plain", "robust") or unknown:
        raise DigitlibError(
            f"{name}: no such recipe; give plain or robust, and to change it + or - "
            f"and one of {', '.join(CHANGES)}"
        )
    made = set(ROBUST if base == "robust" else ())
    for change in changes:
        edit = made.add if change[0] == "+" else made.discard
        edit(change[1:])
    return Recipe(**{name: x for change in made for name, x in CHANGES[change].items()})


def versions(*packages):
    """Return a dict from the names of packages to their versions."""
    from importlib.metadata import version

    return {name: version(name) for name in packages}


def train_recipe(
    recipe,
    x,
    y,
    *,
    seed=0,
    epochs=20,
    units=(100, 100),
    start=None,
    strength=1.0,
    validation_data=None,
    progress=True,
    teacher_units=(800, 800),
    teacher_temperature=2.0,
):
    """Train a network by a recipe: from the beginning, or on from trained weights.

    Parameters
    ----------
    recipe : str or Recipe
        As for `find_recipe`.
    x, y, seed, epochs, validation_data, progress
        As for `digitlib.training.train`; the seed decides the first weights, too.
    units, teacher_units : sequence of int
        As for `digitlib.model.build_model`, of the network and its teacher, if any.
    start : digitlib.model.Weights, optional
        Go on from these, whatever ``units`` are, by a recipe that does not normalize.
    strength : float, at least 0
        Of the distortions, as for `digitlib.augmentation.augment`.
    teacher_temperature : float, above 0
        Softens the probabilities of both before they are compared.

    Returns
    -------
    (model, history) : keras.Model, keras.callbacks.History
        The model has the layers of `digitlib.model.build_model`, whatever the recipe.
    """
    recipe = find_recipe(recipe)
    seed = check_count("seed", seed, 0, 2**32 - 1)
    x = check_images(x, "x")  # `train` checks it too, but a rate depends on its length
    epochs = check_count("epochs", epochs, 1, 1_000_000)
    check_count("batch_size", recipe.batch_size, 1, len(x))
    if start is not None:
        units = [len(bias) for bias in check_weights(start, "start")[1:-1:2]]
        if recipe.normalize:
            raise DigitlibError("start: nothing to normalize by; change the recipe")
    options = {"progress": progress, "seed": seed, "epochs": epochs}
    teacher = None
    if recipe.teacher:
        best = replace(find_recipe("robust"), teacher=False)
        teacher, finished = _train(best, x, y, units=teacher_units, **options)
        if len(finished.epoch) < epochs:
            raise KeyboardInterrupt  # there is nobody yet to learn from
        teacher = partial(_loss_from, teacher, teacher_temperature)
    options |= {"start": start, "strength": strength}
    options["validation_data"] = validation_data
    model, history = _train(recipe, x, y, units=units, loss=teacher, **options)
    return fold(model), history


def fold(model):
    """Fold batch normalization into the layers before it.

    Once trained, it multiplies each unit's sum by a number and adds another, which a
    layer with other weights does by itself. Returns a model as
    `digitlib.model.build_model` makes, of the same predictions.
    """
    weights = []
    for layer in model.layers:
        parts = layer.get_weights()
        if len(parts) == 2:  # a layer's kernel and bias
            weights += parts
        elif len(parts) == 4:  # a batch normalization
            gain, offset, mean, variance = parts
            factor = gain / np.sqrt(variance + layer.epsilon)
            weights[-2] = weights[-2] * factor
            weights[-1] = (weights[-1] - mean) * factor + offset
    plain = build_model(units=[len(bias) for bias in weights[1:-1:2]])
    plain.set_weights(weights)
    return plain


def _train(
    recipe, x, y, *, units, seed, epochs, loss=None, start=None, strength=1.0, **options
):
    """Train a network by a recipe, and by a loss of its own if there is one."""
    from digitlib.training import train

    epoch = -(-len(x) // recipe.batch_size)  # steps
    optimizer = _optimizer(recipe, epoch, epochs)
    model = build_model(seed, units, normalize=recipe.normalize, optimizer=optimizer)
    if start is not None:
        model.set_weights(start)
    if loss is not None:
        model.compute_loss = loss
    options["augment"] = _distortions(recipe, optimizer, epoch * epochs, strength)
    options |= {"epochs": epochs, "seed": seed, "batch_size": recipe.batch_size}
    return model, train(model, x, y, **options)


def _optimizer(recipe, epoch, epochs):
    """Adam as the recipe wants it; ``epoch`` is how many steps there are in one."""
    from digitlib._internal.quiet_tensorflow import keras

    rate = recipe.rate
    if recipe.schedule:
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, max(1, epoch * (epochs - 1)), warmup_target=rate, warmup_steps=epoch
        )
    average = {"use_ema": recipe.average > 0, "ema_momentum": recipe.average or 0.99}
    return keras.optimizers.Adam(rate, weight_decay=recipe.decay or None, **average)


def _distortions(recipe, optimizer, steps, strength):
    """What `digitlib.training.train` takes as ``augment``."""
    if not (recipe.affine or recipe.elastic or recipe.ink):
        return False
    from digitlib._internal.quiet_tensorflow import keras
    from digitlib.augmentation import augment

    parts = ["rotation", "scale", "shear", "shift"] if not recipe.affine else []
    parts += [part for part in ("elastic", "ink") if not getattr(recipe, part)]
    sizes = dict.fromkeys(parts, 0.0)
    fading = keras.optimizers.schedules.PolynomialDecay(strength, steps, strength / 2)

    def distort(images, seed):
        now = fading(optimizer.iterations) if recipe.fade else strength
        return augment(images, seed, strength=now, **sizes)

    return distort


def _loss_from(teacher, temperature, x, y, y_pred, **_):
    """How far the student's probabilities are from the teacher's, both softened.

    The temperature's square gives the gradient the size that it has without.
    """
    from digitlib._internal.quiet_tensorflow import tensorflow as tf

    def soft_log(probabilities):
        return tf.nn.log_softmax(tf.math.log(probabilities + 1e-9) / temperature)

    wanted = tf.exp(soft_log(teacher(x, training=False)))
    losses = -tf.reduce_sum(wanted * soft_log(y_pred), axis=1)
    return temperature**2 * tf.reduce_mean(losses)
