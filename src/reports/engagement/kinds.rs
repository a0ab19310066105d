//! Which kinds of event mean what: a like is called `like` in one export and 点赞 in the next. SKELETON

/// What a kind of event means to this report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Interactions with content or with the shop.
    Like,
    Comment,
    Share,
    Favourite,
    SignIn,
    /// A piece of content was made by the member.
    Publish,
    /// Somebody was invited by the member.
    Invite,
    /// The stages of a message, in their order.
    Sent,
    Delivered,
    Opened,
    Clicked,
    /// Content was shown to the member, or looked at.
    Seen,
    /// What content and messages are to bring about: an order, a payment.
    Conversion,
}

/// The role of each kind of event of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Role and the names of its kinds, as the file has them; a kind has one role, and a role may have none.
    pub roles: Vec<(Role, Vec<String>)>,
}

impl Kinds {
    /// The role of a kind; `None`: it counts as activity alone.
    pub fn role(&self, kind: &str) -> Option<Role> {
        self.roles.iter().find(|(_, kinds)| kinds.iter().any(|known| known == kind)).map(|(role, _)| *role)
    }
}
