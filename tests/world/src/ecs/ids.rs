//! Identifiers as ECS makes them, from one seed, so that a test of the model is the same each time.

/// A generator of identifiers (splitmix64).
#[derive(Clone, Debug)]
pub struct Ids {
    state: u64,
}

impl Ids {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Nineteen digits: the number of a deployment and of its service revision.
    pub fn number(&mut self) -> String {
        (1_000_000_000_000_000_000 + self.next() % 8_000_000_000_000_000_000).to_string()
    }

    /// Thirty-two hexadecimal digits: a task.
    pub fn hex(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }

    /// A network interface: seventeen hexadecimal digits.
    pub fn interface(&mut self) -> String {
        format!("eni-{}", &self.hex()[..17])
    }

    /// Twenty-one characters of base64url: a service deployment.
    pub fn short(&mut self) -> String {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..21)
            .map(|_| char::from(ALPHABET[(self.next() % 64) as usize]))
            .collect()
    }

    /// A UUID: containers, attachments, events, hooks.
    pub fn uuid(&mut self) -> String {
        let hex = self.hex();
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }
}
