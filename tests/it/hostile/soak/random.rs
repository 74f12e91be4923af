//! Random numbers that come back: from a command's number, and from what a request asks for.

/// Random numbers from a seed: SplitMix64.
pub(super) struct Random(u64);

impl Random {
    /// The choices of a command.
    pub(super) fn of_command(number: u64) -> Self {
        Random(number ^ 0x5eed)
    }

    /// The fate of a request: its command's number, what it asks for, and how often that was
    /// asked before. Not its place among the others, which side by side is a matter of luck.
    pub(super) fn of_request(number: u64, asked: &str, before: u64) -> Self {
        // FNV-1a: the same on every machine and with every toolchain.
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        let hash = asked.bytes().fold(0xcbf2_9ce4_8422_2325, step);
        let mut random = Random(hash ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.0 = random.next() ^ before;
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below the limit; of nothing, the first.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// One in so many.
    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of these.
    pub(super) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}
