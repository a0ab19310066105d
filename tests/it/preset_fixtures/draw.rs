//! Seeded draws, and awkward values.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// Microseconds of 2026-06-01.
const JUNE: i64 = 1_780_272_000_000_000;
const MINUTE: i64 = 60_000_000;
pub const DAY: i64 = 24 * 60 * MINUTE;

/// What the times of a file can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fine {
    Days,
    Minutes,
    Seconds,
    Millis,
    Micros,
}

impl Fine {
    /// Of a strftime pattern.
    pub fn of(pattern: &str) -> Self {
        if !pattern.contains("%H") {
            Self::Days
        } else if !pattern.contains("%S") {
            Self::Minutes
        } else if pattern.contains("%.f") || pattern.contains("%.6f") {
            Self::Micros
        } else {
            Self::Seconds
        }
    }

    pub fn unit(self) -> i64 {
        match self {
            Self::Days => DAY,
            Self::Minutes => MINUTE,
            Self::Seconds => 1_000_000,
            Self::Millis => 1_000,
            Self::Micros => 1,
        }
    }
}

/// Which characters a text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alphabet {
    /// Only what windows-1252 has.
    pub western: bool,
    /// Quotes, delimiters and line breaks too.
    pub quoting: bool,
}

pub struct Draw {
    rng: Pcg64,
    pub fine: Fine,
    pub alphabet: Alphabet,
    counter: u64,
}

const TEXTS: [&str; 14] = [
    "茉莉花茶 250g",
    "香薰蜡烛（大号）",
    "ＡＢＣ１２３　全角",
    "Tea 🍵 gift",
    "O'Neil & Söhne",
    "7寸 蛋糕;草莓",
    "100% 纯棉",
    "大米5kg/袋",
    "#1 Bestseller",
    "龘靐㐀",
    "+加量装+",
    "ﬁnely ground",
    "1+1 组合",
    "手工皂－薰衣草",
];
const WESTERN: [&str; 7] = [
    "Café au lait",
    "Größe M",
    "T-shirt (blue)",
    "Señor Müller's Brötchen",
    "50% off – crème brûlée",
    "Mug 12oz",
    "£5 voucher",
];
const QUOTING: [&str; 5] =
    ["a, b, and c", "15\" laptop \"sleeve\"", "two\nlines", "\"all quoted\"", "tab\tinside, 逗号，"];

impl Draw {
    pub fn new(seed: u64, fine: Fine, alphabet: Alphabet) -> Self {
        Self { rng: Pcg64::new(u128::from(seed), 0x5157_1c4b), fine, alphabet, counter: 0 }
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.rng.next_u64() % limit.max(1) as u64) as usize
    }

    pub fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for at in (1..values.len()).rev() {
            values.swap(at, self.below(at + 1));
        }
    }

    /// Different every time.
    fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub fn text(&mut self) -> String {
        if self.alphabet.quoting && self.chance(4) {
            let text = *self.pick(&QUOTING);
            if !self.alphabet.western || text.is_ascii() {
                return text.to_owned();
            }
        }
        let texts: &[&str] = if self.alphabet.western { &WESTERN } else { &TEXTS };
        (*self.pick(texts)).to_owned()
    }

    /// A short word, as codes of channels and shops are.
    pub fn word(&mut self) -> String {
        let words = ["alpha", "beta", "Gamma 3", "delta-4", "epsilon_5", "0007"];
        (*self.pick(&words)).to_owned()
    }

    /// An order number, never the same twice: 19 digits, leading zeros, letters before it.
    pub fn id(&mut self) -> String {
        let number = self.next();
        match self.below(5) {
            0 | 1 => format!("{}", 3_201_111_110_000_000_000_u64 + number * 7),
            2 => format!("{number:012}"),
            3 => format!("P{}", 7_000_000_000_000_000_000_u64 + number * 3),
            _ => format!("260608-{number:09}"),
        }
    }

    /// Of few people.
    pub fn customer(&mut self) -> String {
        let person = self.below(40);
        match person % 4 {
            0 => format!("1380000{person:04}"),
            1 => format!("oUpF8uMuAJO_M2pxb1Q9zNjWeS{person:02}"),
            2 => format!("buyer{person}@example.com"),
            _ => format!("{}", 9_223_372_036_854_775_900_u64 + person as u64),
        }
    }

    /// A moment that the file can write.
    pub fn moment(&mut self) -> i64 {
        let micros = (self.rng.next_u64() % (60 * DAY as u64)) as i64;
        self.cut(JUNE + micros)
    }

    /// Some time later.
    pub fn after(&mut self, moment: i64) -> i64 {
        let later = (self.rng.next_u64() % (3 * DAY as u64)) as i64;
        self.cut(moment + later)
    }

    fn cut(&self, moment: i64) -> i64 {
        moment - moment.rem_euclid(self.fine.unit())
    }

    /// Above zero, in 1/10,000; now and then with four decimals.
    pub fn money(&mut self) -> i64 {
        match self.below(8) {
            0 => 1 + self.below(50_000_000) as i64,
            1 => (1_000 + self.below(900_000) as i64) * 10_000,
            2 => 100,
            _ => (1 + self.below(300_000) as i64) * 100,
        }
    }

    /// Pieces, in 1/10,000.
    pub fn pieces(&mut self) -> i64 {
        (1 + self.below(12) as i64) * 10_000
    }
}
