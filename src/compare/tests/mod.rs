//! Cohorts made of real messages: each cause must come out first, whatever noise surrounds it.

mod cohorts;
pub(crate) mod fleet;
mod incident;
mod sides;
