
x = 1  # gradsight: ignore[missing-clipping]
