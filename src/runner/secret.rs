//! Values that must never be shown.

/// A secret: it has neither `Debug` nor `Display`. [`Runner::secret`](super::Runner::secret) makes one and masks it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(value: String) -> Self {
        Self(value)
    }

    /// The value, for the one place that sends it where it belongs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
