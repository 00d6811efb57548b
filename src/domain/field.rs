//! A field of a partial update.

/// What an update says of a field.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// Nothing: it stays as it is.
    #[default]
    Keep,
    /// Explicit `null`.
    Clear,
    /// A new value.
    Set(T),
}

impl<T> Field<T> {
    /// Parses the value, when there is one.
    pub fn try_map<U, E>(self, parse: impl FnOnce(T) -> Result<U, E>) -> Result<Field<U>, E> {
        Ok(match self {
            Self::Keep => Field::Keep,
            Self::Clear => Field::Clear,
            Self::Set(value) => Field::Set(parse(value)?),
        })
    }
}
