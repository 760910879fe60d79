/** The same for each list that it is asked about, made once, for as long as the list is in use: charts ask at each frame. */
export function remembered<List extends object, Made>(make: (list: List) => Made): (list: List) => Made {
  const known = new WeakMap<List, Made>();
  return (list) => {
    let made = known.get(list);
    if (made === undefined) {
      made = make(list);
      known.set(list, made);
    }
    return made;
  };
}
