//! Decimal arithmetic, in which `0.1 + 0.2` is `0.3`.

/// A decimal number: `digits × 10^-scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: i128,
    scale: u32,
}

/// Digits behind the point of a quotient.
const PRECISION: u32 = 16;

impl Decimal {
    /// The decimal with the fewest digits that is this float; `None` where it has too many.
    pub(super) fn of(float: f64) -> Option<Self> {
        let text = format!("{float}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        Some(Self {
            digits: format!("{whole}{fraction}").parse().ok()?,
            scale: u32::try_from(fraction.len()).ok()?,
        })
    }

    pub(super) fn to_float(self) -> f64 {
        let negative = if self.digits < 0 { "-" } else { "" };
        let scale = usize::try_from(self.scale).unwrap_or_default();
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        format!("{negative}{whole}.{fraction}0")
            .parse()
            .unwrap_or_default()
    }

    fn scaled(self, scale: u32) -> Option<i128> {
        let factor = 10_i128.checked_pow(scale.checked_sub(self.scale)?)?;
        self.digits.checked_mul(factor)
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let digits = self.scaled(scale)?.checked_add(other.scaled(scale)?)?;
        Some(Self { digits, scale })
    }

    pub(super) fn subtract(self, other: Self) -> Option<Self> {
        let digits = other.digits.checked_neg()?;
        self.add(Self { digits, ..other })
    }

    pub(super) fn multiply(self, other: Self) -> Option<Self> {
        Some(Self {
            digits: self.digits.checked_mul(other.digits)?,
            scale: self.scale.checked_add(other.scale)?,
        })
    }

    /// Rounded half away from zero; `None` for a division by zero, too.
    pub(super) fn divide(self, other: Self) -> Option<Self> {
        let shift = (other.scale + PRECISION).checked_sub(self.scale)?;
        let dividend = self.digits.checked_mul(10_i128.checked_pow(shift)?)?;
        let quotient = dividend.checked_div(other.digits)?;
        let rest = dividend.checked_rem(other.digits)?;
        let sign = dividend.signum() * other.digits.signum();
        let up = rest.checked_abs()?.checked_mul(2)? >= other.digits.checked_abs()?;
        Some(Self {
            digits: quotient + if up { sign } else { 0 },
            scale: PRECISION,
        })
    }
}
