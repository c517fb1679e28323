//! Which columns fit a width, and where they stand.

use std::ops::Range;

/// What a column asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Cells it asks for.
    pub width: u16,
    /// It gets a share of what is left over.
    pub grows: bool,
    /// Columns with a higher rank are dropped first.
    pub rank: u8,
}

/// The columns that fit `width` with one cell between them, as (number of the wish, cells from the left).
#[must_use]
pub fn fit(wishes: &[Wish], width: u16) -> Vec<(usize, Range<u16>)> {
    let mut kept: Vec<usize> = (0..wishes.len()).collect();
    let needed = |kept: &[usize]| kept.iter().map(|n| wishes[*n].width + 1).sum::<u16>().saturating_sub(1);
    while kept.len() > 1 && needed(&kept) > width {
        let Some(least) = kept.iter().copied().max_by_key(|n| wishes[*n].rank) else { break };
        kept.retain(|n| *n != least);
    }
    let growing = kept.iter().filter(|n| wishes[**n].grows).count() as u16;
    let spare = width.saturating_sub(needed(&kept));
    let mut at = 0;
    let mut grown = 0;
    kept.into_iter()
        .map(|n| {
            let share = if wishes[n].grows {
                grown += 1;
                spare / growing + u16::from(grown <= spare % growing)
            } else {
                0
            };
            let end = (at + wishes[n].width + share).min(width);
            let place = at..end;
            at = (end + 1).min(width);
            (n, place)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_never_overlap_nor_leave_the_width(
            wishes in prop::collection::vec((1u16..30, any::<bool>(), 0u8..9), 1..9),
            width in 0u16..200,
        ) {
            let wishes: Vec<_> = wishes.into_iter().map(|(width, grows, rank)| Wish { width, grows, rank }).collect();
            let placed = fit(&wishes, width);
            prop_assert!(!placed.is_empty());
            prop_assert!(placed.windows(2).all(|pair| pair[0].1.end <= pair[1].1.start));
            prop_assert!(placed.iter().all(|(_, place)| place.end <= width));
        }
    }
}
