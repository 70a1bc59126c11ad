//! What a token of the operator may do.

/// One thing a token may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// See everything but secrets.
    Read,
    /// Change things.
    Write,
    /// See keys and passwords.
    Secrets,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Secrets];

    /// The scope's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Secrets => "secrets",
        }
    }

    /// The scope of that name.
    ///
    /// # Errors
    /// [`UnknownScope`] when there is none.
    pub fn parse(name: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == name).ok_or(UnknownScope)
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        Self::parse(name)
    }
}

/// No scope has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be `read`, `write` or `secrets`")]
pub struct UnknownScope;

/// Everything a token may do: at least one scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Of the given ones, each once; `None` when there is none.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Option<Self> {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        (!scopes.is_empty()).then_some(Self(scopes))
    }

    /// From names parted by blanks; `None` when one is unknown or there is none.
    pub fn parse(text: &str) -> Option<Self> {
        let scopes: Result<Vec<_>, _> = text.split(' ').map(Scope::parse).collect();
        Self::new(scopes.ok()?)
    }

    /// Whether this scope is among them.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The first of the others that is not among these.
    pub fn lacking(&self, others: &Self) -> Option<Scope> {
        others.0.iter().copied().find(|scope| !self.allow(*scope))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl std::fmt::Display for Scopes {
    /// Names parted by blanks.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, scope) in self.0.iter().enumerate() {
            let blank = if place == 0 { "" } else { " " };
            write!(f, "{blank}{scope}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_back_as_they_were_written() {
        let both = Scopes::new([Scope::Write, Scope::Read, Scope::Write]).unwrap();
        assert_eq!(both.to_string(), "read write");
        assert_eq!(Scopes::parse("write read"), Some(both));
        for refused in ["", "admin", "read ", "read,write", "READ"] {
            assert_eq!(Scopes::parse(refused), None, "{refused:?}");
        }
        assert_eq!(Scopes::new([]), None);
    }

    #[test]
    fn what_others_have_more_is_told() {
        let (reader, all) = (Scopes::parse("read").unwrap(), Scopes::parse("read write secrets").unwrap());
        assert_eq!((all.lacking(&reader), reader.lacking(&all)), (None, Some(Scope::Write)));
        assert!(all.allow(Scope::Secrets) && !reader.allow(Scope::Secrets));
    }
}
