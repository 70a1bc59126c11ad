//! How far apart places are, in whole numbers: good to some 25 metres in the sine, and to the 1.1 km that the tables
//! are rounded to.

/// A point on the globe, in hundredths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    latitude: i16,
    longitude: i16,
}

/// A right angle, in hundredths of a degree.
const RIGHT_ANGLE: i64 = 9_000;
/// One, in the fixed point that sines are in.
const ONE: i64 = 1_000_000;
/// The sine's series (Taylor's) for an angle in right angles: π/2, π³/48, π⁵/3,840, π⁷/645,120 and π⁹/185,794,560, of [`ONE`].
const SERIES: [i64; 5] = [1_570_796, 645_964, 79_693, 4_682, 160];

impl Point {
    /// A point; `None` when it does not lie on the globe.
    pub const fn new(latitude: i16, longitude: i16) -> Option<Self> {
        let on_globe = latitude >= -9_000 && latitude <= 9_000 && longitude >= -18_000 && longitude <= 18_000;
        if on_globe { Some(Self { latitude, longitude }) } else { None }
    }

    /// A measure of how far apart two points are that grows with the great circle between them: the square of the straight line
    /// through the globe, in millionths of its radius.
    pub fn apart(self, other: Self) -> u64 {
        let pairs = self.vector().into_iter().zip(other.vector());
        pairs.map(|(a, b)| a.abs_diff(b)).map(|side| side.saturating_mul(side)).sum()
    }

    /// The point as a vector of length [`ONE`].
    fn vector(self) -> [i64; 3] {
        let (latitude, longitude) = (i64::from(self.latitude), i64::from(self.longitude));
        let around = cosine(latitude);
        [around * cosine(longitude) / ONE, around * sine(longitude) / ONE, sine(latitude)]
    }
}

fn cosine(angle: i64) -> i64 {
    sine(RIGHT_ANGLE - angle.abs())
}

/// The sine of an angle between -180° and 180°.
fn sine(angle: i64) -> i64 {
    let size = angle.abs();
    let acute = if size > RIGHT_ANGLE { 2 * RIGHT_ANGLE - size } else { size };
    let of_right = acute * ONE / RIGHT_ANGLE;
    let square = of_right * of_right / ONE;
    let sum = SERIES.into_iter().rev().fold(0, |sum, term| term - square * sum / ONE);
    angle.signum() * (of_right * sum / ONE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_arithmetic, clippy::as_conversions, reason = "the oracle is the usual formula")]

    use proptest::prelude::*;

    use super::*;

    fn point(latitude: i16, longitude: i16) -> Point {
        Point::new(latitude, longitude).unwrap()
    }

    #[test]
    fn what_does_not_lie_on_the_globe_is_no_point() {
        assert_eq!(Point::new(9_001, 0), None);
        assert_eq!(Point::new(0, -18_001), None);
        assert!(Point::new(-9_000, 18_000).is_some());
    }

    #[test]
    fn sines_are_true_at_their_corners() {
        assert_eq!([0, 9_000, 18_000, -9_000].map(sine).map(|sine| (sine + 5) / 10), [0, 100_000, 0, -99_999]);
        assert_eq!([0, 9_000, -18_000].map(cosine).map(|cosine| (cosine + 5) / 10), [100_000, 0, -99_999]);
    }

    #[test]
    fn opposite_points_are_farthest_and_the_date_line_parts_nothing() {
        let suva = point(-1_814, 17_844);
        assert!(suva.apart(point(-1_383, -17_177)) < suva.apart(point(-3_687, 17_476)), "Apia is nearer than Auckland");
        assert!(point(0, 0).apart(point(0, 18_000)) > point(0, 0).apart(point(0, 17_000)));
    }

    fn great_circle(a: (i16, i16), b: (i16, i16)) -> f64 {
        let radians = |hundredths: i16| (f64::from(hundredths) / 100.0).to_radians();
        let (la, lb) = (radians(a.0), radians(b.0));
        let turn = radians(a.1) - radians(b.1);
        let half = ((la - lb) / 2.0).sin().powi(2) + la.cos() * lb.cos() * (turn / 2.0).sin().powi(2);
        2.0 * half.sqrt().min(1.0).asin() * 6_371.0
    }

    proptest! {
        /// Whichever of two is nearer by the usual formula, by more than a kilometre, is nearer here.
        #[test]
        fn the_nearer_is_the_nearer(
            here in (-9_000_i16..=9_000, -18_000_i16..=18_000),
            one in (-9_000_i16..=9_000, -18_000_i16..=18_000),
            other in (-9_000_i16..=9_000, -18_000_i16..=18_000),
        ) {
            let (to_one, to_other) = (great_circle(here, one), great_circle(here, other));
            prop_assume!((to_one - to_other).abs() > 1.0 && to_one.max(to_other) < 19_000.0);
            let at = |(latitude, longitude)| point(latitude, longitude);
            let ours = at(here).apart(at(one)) < at(here).apart(at(other));
            prop_assert_eq!(ours, to_one < to_other);
        }
    }
}
