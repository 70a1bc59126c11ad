//! Paging: a cursor says after which item the next page begins. It is opaque, and sealed so that a damaged one, or one
//! of another list, is told from a good one. Items that come and go meanwhile move nothing.

use serde::Serialize;
use turnpike_service::Service;
use utoipa::ToSchema;

use crate::problem::{Kind, Problem};

/// How many items a page holds unless told otherwise.
pub(crate) const USUAL_LIMIT: u32 = 50;
/// How many a page holds at most.
pub(crate) const HIGHEST_LIMIT: u32 = 500;
/// Bytes of the keyed hash that a cursor carries.
const SEAL_LENGTH: usize = 8;

/// Where a list goes on.
pub(crate) trait Place: Copy {
    fn to_bytes(self) -> Vec<u8>;
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl Place for i64 {
    fn to_bytes(self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Place for (i64, u64) {
    fn to_bytes(self) -> Vec<u8> {
        [self.0.to_be_bytes(), self.1.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (first, second) = bytes.split_first_chunk::<8>()?;
        Some((i64::from_be_bytes(*first), u64::from_be_bytes(second.try_into().ok()?)))
    }
}

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paging {
    pub(crate) limit: u32,
    pub(crate) cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageOf<T> {
    /// What is on it.
    pub(crate) items: Vec<T>,
    /// For the parameter `cursor`, to get the next page; `null` when this is the last.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

/// Makes and reads the cursors of one list.
pub(crate) struct Cursors<'a> {
    pub(crate) service: &'a Service,
    /// The path of the list.
    pub(crate) list: &'a str,
}

impl Cursors<'_> {
    /// Where the page begins.
    ///
    /// # Errors
    /// When the cursor is none of this list.
    pub(crate) fn after<P: Place>(&self, paging: &Paging) -> Result<Option<P>, Problem> {
        let Some(cursor) = &paging.cursor else { return Ok(None) };
        self.read(cursor)
            .map(Some)
            .ok_or_else(|| Problem::new(Kind::Cursor, "take `next_cursor` of this list as it was given"))
    }

    /// A page of `found`, which holds one more item than a page when there is more.
    pub(crate) fn page<I, T, P: Place>(
        &self,
        paging: &Paging,
        mut found: Vec<I>,
        (place, show): (impl Fn(&I) -> P, impl Fn(I) -> T),
    ) -> PageOf<T> {
        let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|last| self.write(place(last)));
        PageOf { items: found.into_iter().map(show).collect(), next_cursor }
    }

    /// As [`Cursors::page`], of a list that is at hand as a whole and sorted by place.
    pub(crate) fn page_of_all<I, T, P: Place + Ord>(
        &self,
        paging: &Paging,
        mut all: Vec<I>,
        (place, show): (impl Fn(&I) -> P, impl Fn(I) -> T),
    ) -> Result<PageOf<T>, Problem> {
        if let Some(after) = self.after::<P>(paging)? {
            all.retain(|item| place(item) > after);
        }
        Ok(self.page(paging, all, (place, show)))
    }

    fn write(&self, place: impl Place) -> String {
        let place = place.to_bytes();
        hex::encode([place.as_slice(), &self.seal(&place)].concat())
    }

    fn read<P: Place>(&self, cursor: &str) -> Option<P> {
        let bytes = hex::decode(cursor).ok()?;
        let (place, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL_LENGTH)?)?;
        if self.seal(place) == seal { P::from_bytes(place) } else { None }
    }

    fn seal(&self, place: &[u8]) -> [u8; SEAL_LENGTH] {
        let hash = self.service.request_hash(&[b"cursor\0", self.list.as_bytes(), b"\0", place]);
        hash.first_chunk().copied().unwrap_or_default()
    }
}

/// How many items to look for, to know whether there is more than a page.
pub(crate) const fn one_more(paging: &Paging) -> u32 {
    paging.limit.saturating_add(1)
}
