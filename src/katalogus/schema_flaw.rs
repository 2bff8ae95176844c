//! What is wrong with a value, and which of several flaws is told.

/// One flaw of a value.
pub(crate) struct Flaw<'i> {
    /// How many keys and places lead from the value that was checked to the flawed one.
    depth: usize,
    /// Whether it is one of a choice of schemas, which says less than other flaws.
    weak: bool,
    /// Whether the flawed value has the type that its schema asks for.
    has_type: bool,
    /// Its words. They show values, so only those that are told are ever made.
    words: Box<dyn Fn() -> String + 'i>,
    /// What is wrong with each of the choices.
    choices: Vec<Flaw<'i>>,
}

impl<'i> Flaw<'i> {
    /// A flaw of the value itself.
    pub(crate) fn new(has_type: bool, words: impl Fn() -> String + 'i) -> Self {
        Self { depth: 0, weak: false, has_type, words: Box::new(words), choices: Vec::new() }
    }

    /// The value fits none of a choice of schemas, or more than one.
    pub(crate) fn of_choice(self, choices: Vec<Flaw<'i>>) -> Self {
        Self { weak: true, choices, ..self }
    }

    /// The same flaw as seen from the value that has the flawed one in it.
    pub(crate) fn below(self) -> Self {
        Self { depth: self.depth.saturating_add(1), ..self }
    }

    /// With its words made, so that it may outlive what they show.
    pub(crate) fn settled(self) -> Flaw<'static> {
        let words = (self.words)();
        Flaw {
            depth: self.depth,
            weak: self.weak,
            has_type: self.has_type,
            words: Box::new(move || words.clone()),
            choices: self.choices.into_iter().map(Flaw::settled).collect(),
        }
    }

    /// The greater, the more it says.
    fn relevance(&self) -> (std::cmp::Reverse<usize>, bool, bool) {
        (std::cmp::Reverse(self.depth), !self.weak, !self.has_type)
    }
}

/// The words of the flaw that says most, as the original chooses it: the first of those nearest to
/// the value that was checked; and where that is a choice of schemas, the one flaw of them that
/// lies deepest, unless two are alike.
pub(crate) fn best(flaws: &[Flaw<'_>]) -> Option<String> {
    let first_of = |best: &'_ Flaw<'_>, flaw: &Flaw<'_>| flaw.relevance() > best.relevance();
    let mut best =
        flaws.iter().reduce(|best, flaw| if first_of(best, flaw) { flaw } else { best })?;
    loop {
        let mut choices: Vec<&Flaw<'_>> = best.choices.iter().collect();
        choices.sort_by_key(|choice| choice.relevance());
        match choices.as_slice() {
            [] => break,
            [one, other, ..] if one.relevance() == other.relevance() => break,
            [one, ..] => best = one,
        }
    }
    Some((best.words)())
}
