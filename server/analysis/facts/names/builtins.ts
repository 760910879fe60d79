/** Names that need no import and matter here: what they return is known, or they run nothing of the training. */
export const BUILTINS = new Set(
  "abs all any bool bytes chr dict dir divmod enumerate filter float format getattr globals hasattr hash id input int isinstance issubclass iter len list locals map max min next object open ord pow print range repr reversed round set setattr slice sorted str sum super tuple type vars zip".split(
    " ",
  ),
);
