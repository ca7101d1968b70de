"""What else reads digits: accuracy, size and time of methods a reader might try.

    python benchmarks/others.py

Each method learns from the 60,000 training images and is judged on the test set, once,
with the settings given here. Results go to book/results/others.csv; methods that are in
the file already are skipped, and what is done is kept if this is interrupted or killed.
"""

from importlib.metadata import version
from pathlib import Path
import pickle
import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from digitlib._internal.quiet_tensorflow import keras
from digitlib._internal.quiet_tensorflow import tensorflow as tf
from digitlib._internal.store import Results
from digitlib.augmentation import augment
from digitlib.data import load_mnist
from digitlib.model import forward
from digitlib.tuning.recipes import train_recipe

RESULTS = Path(__file__).parent.parent / "book" / "results" / "others.csv"
COLUMNS = [
    "method",
    "accuracy",
    "megabytes",
    "training_seconds",
    "microseconds_per_image",
    "versions",
]


def scikit_learn(estimator):
    """Learn from rows of 784 pixels; size is that of the pickled estimator."""

    def learn(x, y):
        estimator.fit(x.reshape(-1, 784), y)
        size = len(pickle.dumps(estimator))
        return lambda images: estimator.predict(images.reshape(-1, 784)), size

    return learn


def small_network(recipe):
    """784-100-100-10; size is that of its weights in single precision."""

    def learn(x, y):
        weights = train_recipe(recipe, x, y)[0].get_weights()
        return lambda images: forward(images, weights).argmax(axis=1), 4 * 89_610

    return learn


def convolutional(distorted):
    """A convolutional network of 83,760 weights, trained by Keras's fit."""

    def learn(x, y):
        keras.utils.set_random_seed(0)
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input((28, 28)),
                layers.Reshape((28, 28, 1)),
                layers.Conv2D(16, 3, padding="same", activation="relu"),
                layers.MaxPool2D(),
                layers.Conv2D(32, 3, padding="same", activation="relu"),
                layers.MaxPool2D(),
                layers.Flatten(),
                layers.Dense(50, activation="relu"),
                layers.Dense(10, activation="softmax"),
            ]
        )
        assert model.count_params() <= 89_610
        model.compile("adam", "sparse_categorical_crossentropy")
        data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(60_000, seed=0)
        data = data.batch(128, drop_remainder=True)
        if distorted:
            seeds = tf.data.Dataset.random(seed=0).batch(2)
            seeds = seeds.map(lambda seed: tf.cast(seed, tf.int32))
            data = tf.data.Dataset.zip(data, seeds)
            data = data.map(lambda xy, seed: (augment(xy[0], seed), xy[1]))
        model.fit(data.prefetch(2), epochs=20, verbose=0)
        size = 4 * model.count_params()

        def predict(images):
            return model.predict(images, batch_size=500, verbose=0).argmax(axis=1)

        return predict, size

    return learn


METHODS = {
    "logistic regression": scikit_learn(LogisticRegression(max_iter=200)),
    "3 nearest neighbours": scikit_learn(KNeighborsClassifier(3)),
    "random forest, 100 trees": scikit_learn(RandomForestClassifier(random_state=0)),
    "support vector machine": scikit_learn(SVC(C=10)),
    "convolutional network": convolutional(distorted=False),
    "convolutional, distortions": convolutional(distorted=True),
    "this network, plain": small_network("plain"),
    "this network, robust": small_network("robust"),
}


def measured(learn, training_images, test_images):
    """Accuracy, size and times of a method, as the table has them."""
    (x_train, y_train), (x_test, y_test) = training_images, test_images
    start = time.perf_counter()
    predict, size = learn(x_train, y_train)
    training = time.perf_counter() - start
    predict(x_test[:1000])  # compiles, where there is something to compile
    start = time.perf_counter()
    accuracy = (predict(x_test) == y_test).mean()
    per_image = 1e6 * (time.perf_counter() - start) / len(x_test)
    return f"{accuracy:.4f}", f"{size / 1e6:.2f}", f"{training:.0f}", f"{per_image:.1f}"


def main():
    names = ("scikit-learn", "keras", "tensorflow")
    versions = " ".join(f"{name}={version(name)}" for name in names)
    images = [(x / np.float32(255), y) for x, y in load_mnist()]
    with Results(RESULTS, COLUMNS, 1) as results:
        done = {name for name, *_ in results.rows}
        for name, learn in METHODS.items():
            if name not in done:
                row = name, *measured(learn, *images), versions
                results.add(*row)
                print(*row, flush=True)


if __name__ == "__main__":
    main()
