//! What all validated texts have in common.

/// Gives a newtype over `String` its reading side, and the way back from storage.
macro_rules! validated_text {
    ($($name:ident),+ $(,)?) => {$(
        impl $name {
            /// The text in the form it is stored and compared in.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself.
            pub fn into_string(self) -> String {
                self.0
            }

            /// A text that was checked when it was stored.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }
        }
    )+};
}

pub(super) use validated_text;

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextOrigin {
    /// Someone wrote it.
    Written,
    /// A workspace had it, and earlier versions took more than today's: it comes back as it is.
    Exported,
}
