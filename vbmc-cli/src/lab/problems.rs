//! What is wrong with the files of a lab, gathered, so that all of it is told at once.

use std::fmt;

/// The problems found so far, each a line that names file and place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    /// Adds one. `place` is a file with a line, or a node.
    pub(crate) fn add(&mut self, place: impl fmt::Display, problem: impl fmt::Display) {
        let line = format!("{place}: {problem}");
        // Many nodes may stumble over one variable.
        if !self.0.contains(&line) {
            self.0.push(line);
        }
    }

    /// Notes what failed, and goes on without it.
    pub(crate) fn ok<T, E: fmt::Display>(
        &mut self,
        place: impl fmt::Display,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|error| self.add(place, error)).ok()
    }

    /// Takes over what another check has found.
    pub(crate) fn take(&mut self, error: anyhow::Error) {
        match error.downcast::<Self>() {
            Ok(problems) => self.0.extend(problems.0),
            Err(error) => self.0.push(format!("{error:#}")),
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails with all of them, if there is one.
    pub(crate) fn check(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            [only] => f.write_str(only),
            many => {
                write!(f, "{} problems:", many.len())?;
                for line in many {
                    write!(f, "\n  {line}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stands_alone_and_many_each_on_a_line() {
        let mut problems = Problems::default();
        problems.clone().check().unwrap();
        problems.add("lab.toml:3", "port: must be 1 to 65535");
        problems.add("lab.toml:3", "port: must be 1 to 65535");
        assert_eq!(problems.to_string(), "lab.toml:3: port: must be 1 to 65535");
        problems.add("nodes.yaml", "x");
        assert_eq!(
            problems.check().unwrap_err().to_string(),
            "2 problems:\n  lab.toml:3: port: must be 1 to 65535\n  nodes.yaml: x"
        );
    }
}
