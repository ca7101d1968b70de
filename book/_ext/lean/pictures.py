"""Make the figures light: smaller files, each loaded when it comes near."""

from PIL import Image


def shrink(folder):
    """Store each PNG as WebP, too, where that is smaller, without loss."""
    for path in folder.glob("*.png"):
        smaller = path.with_suffix(".webp")
        with Image.open(path) as picture:
            picture.save(smaller, lossless=True)
        if smaller.stat().st_size >= path.stat().st_size:
            smaller.unlink()


def place(page, path):
    """Say how large each figure is, show the light file, defer far ones."""
    figures = page.select('article img[src*="_images/"]')
    for number, image in enumerate(figures):
        file = (path.parent / image["src"]).resolve()
        smaller = file.with_suffix(".webp")
        if smaller.is_file():
            image["src"] = image["src"].removesuffix(file.suffix) + ".webp"
            file = smaller
        with Image.open(file) as picture:
            if not {"width", "height"} & image.attrs.keys():
                image["width"], image["height"] = map(str, picture.size)
        image["decoding"] = "async"
        if number == 0:
            image["fetchpriority"] = "high"
        else:
            image["loading"] = "lazy"
