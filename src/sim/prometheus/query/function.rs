//! What functions make of the scrapes of a range, and of the buckets of a histogram.

/// The change of a counter, or of a gauge, within `from..to`, as far as the scrapes tell: resets are added up, and what the
/// first and the last scrape leave of the range is filled in if they are near enough. In a second when `is_rate`.
pub fn extrapolated(samples: &[(i64, f64)], (from, to): (i64, i64), is_counter: bool, is_rate: bool) -> Option<f64> {
    let [(first, begin), .., (last, end)] = samples else { return None };
    let mut change = end - begin;
    if is_counter {
        let resets = samples.windows(2).filter_map(|pair| match pair {
            [(_, before), (_, after)] if after < before => Some(*before),
            _ => None,
        });
        change += resets.sum::<f64>();
    }
    let seconds = |millis: i64| millis as f64 / 1000.0;
    let (mut before, mut after) = (seconds(first - from), seconds(to - last));
    let covered = seconds(last - first);
    let between = covered / (samples.len() - 1) as f64;
    let near = between * 1.1;
    if before >= near {
        before = between / 2.0;
    }
    if is_counter && change > 0.0 && *begin >= 0.0 {
        // a counter was never below nothing
        before = before.min(covered * (begin / change));
    }
    if after >= near {
        after = between / 2.0;
    }
    let mut factor = (covered + before + after) / covered;
    if is_rate {
        factor /= seconds(to - from);
    }
    Some(change * factor)
}

/// The change in a second between the last two scrapes.
pub fn instant_rate(samples: &[(i64, f64)]) -> Option<f64> {
    let [.., (before, from), (at, to)] = samples else { return None };
    let change = if to < from { *to } else { to - from };
    Some(change / ((at - before) as f64 / 1000.0))
}

/// The value below which a share of what a histogram counted is. Buckets are (upper bound, count of all up to it).
pub fn quantile(share: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    if share.is_nan() {
        return f64::NAN;
    }
    if share < 0.0 {
        return f64::NEG_INFINITY;
    }
    if share > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let Some((bound, all)) = buckets.last().copied() else { return f64::NAN };
    if bound != f64::INFINITY || buckets.len() < 2 || all == 0.0 {
        return f64::NAN;
    }
    let rank = share * all;
    let index = buckets.partition_point(|(_, count)| *count < rank).min(buckets.len() - 1);
    if index == buckets.len() - 1 {
        return buckets[index - 1].0;
    }
    let (end, upto) = buckets[index];
    let (begin, below) = if index == 0 { (0.0, 0.0) } else { buckets[index - 1] };
    if index == 0 && end <= 0.0 {
        return end;
    }
    begin + (end - begin) * ((rank - below) / (upto - below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_reaches_to_the_ends_of_its_range() {
        let samples: Vec<(i64, f64)> = (0..5).map(|n| (5_000 + n * 15_000, 30.0 * n as f64)).collect();
        // 120 in a minute of scrapes, two a second
        assert_eq!(extrapolated(&samples, (0, 65_000), true, true).map(f64::round), Some(2.0));
        // it began at nothing, so nothing came before
        assert_eq!(extrapolated(&samples, (0, 65_000), true, false), Some(120.0));
        assert_eq!(extrapolated(&[(0, 5.0), (15_000, 1.0), (30_000, 2.0)], (0, 30_000), true, false), Some(2.0));
        assert_eq!(extrapolated(&[(0, 5.0)], (0, 30_000), true, true), None);
        assert_eq!(instant_rate(&[(0, 0.0), (15_000, 30.0), (30_000, 90.0)]), Some(4.0));
    }

    #[test]
    fn quantiles_lie_within_their_bucket() {
        let buckets = vec![(0.1, 50.0), (0.5, 90.0), (1.0, 100.0), (f64::INFINITY, 100.0)];
        let is = |share: f64, buckets: &[(f64, f64)], value: f64| {
            assert!((quantile(share, buckets.to_vec()) - value).abs() < 1e-9, "{share} is not {value}");
        };
        is(0.5, &buckets, 0.1);
        is(0.7, &buckets, 0.3);
        is(0.95, &buckets, 0.75);
        is(0.9, &[(0.1, 0.0), (f64::INFINITY, 10.0)], 0.1);
        assert!(quantile(0.9, vec![(0.1, 1.0)]).is_nan());
    }
}
