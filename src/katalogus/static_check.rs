//! What can be said of a module by its text alone: whether it has a `run`, and how many parameters
//! that has. For where no Python is there to import it.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

/// What is wrong with the `run` of a module, in words. One that is imported or assigned is taken to
/// be right, as is whatever the module imports.
pub(crate) fn complaint(source: &str, parameters: usize) -> Option<String> {
    let code = Code::of(source);
    let Some(definition) = code.definition() else {
        let is_bound = code.lines().any(|line| {
            let is_statement = line.starts_with(|c: char| c.is_alphabetic() || c == '_');
            let binds = line.contains('=') || line.contains("import");
            is_statement && binds && words(line).any(|word| word == "run")
        });
        return (!is_bound).then(|| "it has no run".to_owned());
    };
    let count = count_parameters(definition)?;
    (count != parameters).then(|| format!("its run has {count} parameters and not {parameters}"))
}

/// The text of a module without its comments and what stands in its strings.
struct Code(String);

impl Code {
    fn of(source: &str) -> Self {
        let mut code = String::with_capacity(source.len());
        let mut rest = source;
        while let Some(next) = rest.chars().next() {
            let length = match next {
                '#' => rest.find('\n').unwrap_or(rest.len()),
                '"' | '\'' => {
                    // Something must stand for it, as the value of a parameter.
                    code.push('0');
                    string_length(rest, next)
                }
                _ => {
                    code.push(next);
                    next.len_utf8()
                }
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        Self(code)
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.lines()
    }

    /// What follows `def run` where that stands at the beginning of a line last.
    fn definition(&self) -> Option<&str> {
        let begins = |line: &str| {
            let mut words = line.split_whitespace();
            let first = words.next().filter(|_| line.starts_with(['a', 'd']))?;
            let def = if first == "async" { words.next()? } else { first };
            let name = words.next().filter(|_| def == "def")?;
            (name == "run" || name.starts_with("run(")).then_some(())
        };
        let mut found = None;
        let mut at = 0;
        for line in self.0.split_inclusive('\n') {
            if begins(line).is_some() {
                found = self.0.get(at..);
            }
            at += line.len();
        }
        let (_, after) = found?.split_once("run")?;
        Some(after)
    }
}

/// The length of the string that `text` begins with, its marks included.
fn string_length(text: &str, mark: char) -> usize {
    let triple: String = [mark; 3].iter().collect();
    let is_triple = text.starts_with(&triple);
    let end = if is_triple { triple } else { mark.to_string() };
    let mut at = end.len();
    while let Some(rest) = text.get(at..) {
        match rest.chars().next() {
            None => break,
            // What it stands before ends nothing.
            Some('\\') => at += 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            Some('\n') if !is_triple => break,
            Some(_) if rest.starts_with(&end) => return at + end.len(),
            Some(other) => at += other.len_utf8(),
        }
    }
    at.min(text.len())
}

/// How many parameters stand in the parentheses that `text` begins with; `None` if they do not end.
fn count_parameters(text: &str) -> Option<usize> {
    let text = text.trim_start().strip_prefix('(')?;
    let (mut depth, mut count, mut part) = (0_usize, 0, String::new());
    let is_parameter = |part: &str| !matches!(part.trim(), "" | "*" | "/");
    for character in text.chars() {
        match character {
            ')' if depth == 0 => return Some(count + usize::from(is_parameter(&part))),
            ',' if depth == 0 => {
                count += usize::from(is_parameter(&part));
                part.clear();
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        part.push(character);
    }
    None
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_looked_at_to_its_end(text in r#"(def run|[\\\\(),\[\]"'#\n =*a-cé]|""")*"#) {
            complaint(&text, 1);
        }
    }

    #[test]
    fn a_fitting_run_is_found_whatever_stands_around_it() {
        for (source, parameters) in [
            ("def run(boefje_meta):\n    return []\n", 1),
            ("import x\n\n\nasync def run(meta: dict[str, int], raw: bytes = b')') -> None:\n", 2),
            ("def run(\n    meta,  # one, two\n    /,\n    raw=(1, 2),\n    *,\n):\n    pass\n", 2),
            ("def run (*args, **rest): pass", 2),
            ("def run(a, b): pass\ndef run(a): pass\n", 1),
            ("from elsewhere import run\n", 1),
            ("from elsewhere import go as run\n", 1),
            ("run = make(3)\n", 2),
            ("def run(text='\\'', other=\"\"\"a, b)\"\"\"): pass", 2),
            ("def run(broken, ", 1),
        ] {
            assert_eq!(complaint(source, parameters), None, "{source}");
        }
    }

    #[test]
    fn a_run_that_does_not_fit_is_told() {
        let none = Some("it has no run".to_owned());
        for source in [
            "",
            "x = 1\n",
            "# def run(a): pass\n",
            "'''\ndef run(a): pass\n'''\n",
            "class Boefje:\n    def run(a): pass\n",
            "def running(a): pass\n",
            "def run_it(a): pass\n",
            "print('run')\n",
            "definitely run(a)\n",
            "'unended\n",
            "'\\",
        ] {
            assert_eq!(complaint(source, 1), none, "{source}");
        }
        let count = Some("its run has 2 parameters and not 1".to_owned());
        assert_eq!(complaint("def run(a, b):\n    pass\n", 1), count);
        assert_eq!(complaint("def run():\n", 1).unwrap(), "its run has 0 parameters and not 1");
    }
}
