//! A slab whose tokens go stale: places are used again, tokens are not (but once in four billion
//! times for the same place). Pure data.

/// Guests at numbered places.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    guest: Option<T>,
}

impl<T> Slab<T> {
    /// An empty one.
    pub(crate) const fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }

    /// The token of an empty place, which stays empty until something is [`put`](Self::put)
    /// there; the place's number is the lower half. `None` only beyond four billion guests.
    pub(crate) fn vacancy(&mut self) -> Option<u64> {
        let index = if let Some(index) = self.free.last() {
            *index
        } else {
            let index = u32::try_from(self.places.len()).ok()?;
            self.places.push(Place { generation: 0, guest: None });
            self.free.push(index);
            index
        };
        let place = self.places.get_mut(usize::try_from(index).ok()?)?;
        place.generation = place.generation.wrapping_add(1);
        Some(u64::from(place.generation) << 32 | u64::from(index))
    }

    /// Fills the place that [`vacancy`](Self::vacancy) named last; gives the guest back for any
    /// other token.
    pub(crate) fn put(&mut self, token: u64, guest: T) -> Result<(), T> {
        if self.free.last() != Some(&index_of(token)) {
            return Err(guest);
        }
        let Some(place) = self.place(token) else { return Err(guest) };
        place.guest = Some(guest);
        self.free.pop();
        Ok(())
    }

    /// Takes the guest that `token` was made for, if it is still there.
    pub(crate) fn take(&mut self, token: u64) -> Option<T> {
        let guest = self.place(token)?.guest.take()?;
        self.free.push(index_of(token));
        Some(guest)
    }

    /// Takes all guests that `leaves` says yes to.
    pub(crate) fn take_where(&mut self, leaves: impl Fn(&T) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        for (index, place) in (0_u32..).zip(&mut self.places) {
            if let Some(guest) = place.guest.take_if(|guest| leaves(guest)) {
                self.free.push(index);
                taken.push(guest);
            }
        }
        taken
    }

    /// The guest that `token` was made for, if it is still there.
    pub(crate) fn get(&self, token: u64) -> Option<&T> {
        let place = self.places.get(usize::try_from(index_of(token)).ok()?)?;
        place.guest.as_ref().filter(|_| u64::from(place.generation) == token >> 32)
    }

    /// The guests with their tokens, in no order that means anything.
    pub(crate) fn guests(&self) -> impl Iterator<Item = (u64, &T)> {
        (0_u64..).zip(&self.places).filter_map(|(index, place)| {
            Some((u64::from(place.generation) << 32 | index, place.guest.as_ref()?))
        })
    }

    /// How many guests there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len().saturating_sub(self.free.len())
    }

    fn place(&mut self, token: u64) -> Option<&mut Place<T>> {
        let generation = u32::try_from(token >> 32).ok()?;
        let place = self.places.get_mut(usize::try_from(index_of(token)).ok()?)?;
        (place.generation == generation).then_some(place)
    }
}

/// The lower half of a token.
fn index_of(token: u64) -> u32 {
    u32::try_from(token & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(slab: &mut Slab<&'static str>, guest: &'static str) -> u64 {
        let token = slab.vacancy().unwrap();
        slab.put(token, guest).unwrap();
        token
    }

    #[test]
    fn a_token_is_good_for_one_guest_once() {
        let mut slab = Slab::new();
        let first = add(&mut slab, "first");
        assert_eq!(slab.take(first), Some("first"));
        let second = add(&mut slab, "second");
        assert_eq!(index_of(first), index_of(second), "the place is used again");
        assert_eq!(slab.take(first), None);
        assert_eq!(slab.take(second), Some("second"));
        assert_eq!(slab.len(), 0);
    }

    #[test]
    fn a_vacancy_that_stays_empty_costs_nothing() {
        let mut slab = Slab::new();
        let unused = slab.vacancy().unwrap();
        let used = add(&mut slab, "guest");
        assert_eq!(slab.put(unused, "late"), Err("late"));
        assert_eq!(slab.take(unused), None);
        assert_eq!((slab.len(), slab.take(used)), (1, Some("guest")));
    }

    #[test]
    fn who_leaves_makes_room() {
        let mut slab = Slab::new();
        let tokens = ["a", "b", "c"].map(|guest| add(&mut slab, guest));
        assert_eq!(slab.take_where(|guest| *guest != "b"), ["a", "c"]);
        assert_eq!((slab.len(), slab.guests().count()), (1, 1));
        assert_eq!(slab.take(tokens[0]), None);
        add(&mut slab, "d");
        add(&mut slab, "e");
        assert_eq!(slab.places.len(), 3);
    }
}
