//! Which kinds of event mean what: a like is called `like` in one export and 点赞 in the next.

use crate::error::{Error, Result, nearest};
use crate::facts::journeys::KindOfEvent;

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
    /// Done to the member and no doing of hers, as being put into an arm of a test: nobody is active by it.
    Passive,
}

impl Role {
    /// All of them, in their order: a role's place is `role as usize`.
    pub const ALL: [Self; 14] = [
        Self::Like,
        Self::Comment,
        Self::Share,
        Self::Favourite,
        Self::SignIn,
        Self::Publish,
        Self::Invite,
        Self::Sent,
        Self::Delivered,
        Self::Opened,
        Self::Clicked,
        Self::Seen,
        Self::Conversion,
        Self::Passive,
    ];

    /// The roles that are interactions.
    pub const INTERACTIONS: [Self; 7] =
        [Self::Like, Self::Comment, Self::Share, Self::Favourite, Self::SignIn, Self::Publish, Self::Invite];

    /// Its name in options, columns and labels.
    pub fn key(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Comment => "comment",
            Self::Share => "share",
            Self::Favourite => "favourite",
            Self::SignIn => "sign_in",
            Self::Publish => "publish",
            Self::Invite => "invite",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Seen => "seen",
            Self::Conversion => "conversion",
            Self::Passive => "passive",
        }
    }

    /// Whether an event of this role is an interaction.
    pub fn is_interaction(self) -> bool {
        Self::INTERACTIONS.contains(&self)
    }

    /// Whether an event of this role makes the customer active: being sent a message does not.
    pub fn is_activity(self) -> bool {
        !matches!(self, Self::Sent | Self::Delivered | Self::Passive)
    }

    /// The role that `text` names: by its key, or by a name that its kinds have by default.
    pub fn named(text: &str) -> Result<Self> {
        let name = normalised(text);
        let is_it = |role: &&Self| role.key() == name || role.names().contains(&name.as_str());
        let found = Self::ALL.iter().find(|role| role.key() == name).or_else(|| Self::ALL.iter().find(is_it));
        found.copied().ok_or_else(|| {
            let keys = || Self::ALL.iter().map(|role| role.key());
            Error::UnknownName {
                what: "role of events",
                name: text.trim().to_owned(),
                nearest: nearest(&name, keys()),
                known: keys().map(str::to_owned).collect(),
            }
        })
    }

    /// What kinds of this role are called in exports, as [`normalised`] writes it. No name is here twice.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Like => &[
                "like",
                "liked",
                "likes",
                "thumb_up",
                "thumbs_up",
                "thumbup",
                "upvote",
                "heart",
                "praise",
                "digg",
                "content_like",
                "like_content",
                "点赞",
                "赞",
                "喜欢",
            ],
            Self::Comment => &[
                "comment",
                "commented",
                "comments",
                "reply",
                "replied",
                "review",
                "reviewed",
                "add_comment",
                "post_comment",
                "content_comment",
                "comment_content",
                "danmaku",
                "评论",
                "回复",
                "留言",
                "评价",
                "弹幕",
            ],
            Self::Share => &[
                "share",
                "shared",
                "shares",
                "forward",
                "forwarded",
                "repost",
                "reposted",
                "retweet",
                "content_share",
                "share_content",
                "分享",
                "转发",
            ],
            Self::Favourite => &[
                "favourite",
                "favorite",
                "favourited",
                "favorited",
                "fav",
                "collect",
                "collected",
                "save",
                "saved",
                "bookmark",
                "bookmarked",
                "wishlist",
                "add_to_wishlist",
                "add_to_favorites",
                "add_to_favourites",
                "content_favorite",
                "content_favourite",
                "收藏",
                "加收藏",
                "加入收藏",
            ],
            Self::SignIn => &[
                "sign_in",
                "signin",
                "check_in",
                "checkin",
                "daily_check_in",
                "daily_checkin",
                "daily_sign_in",
                "clock_in",
                "签到",
                "打卡",
                "每日签到",
                "会员签到",
            ],
            Self::Publish => &[
                "publish",
                "published",
                "post",
                "posted",
                "create_post",
                "create_content",
                "publish_content",
                "upload",
                "ugc",
                "发布",
                "发帖",
                "发布内容",
                "发布笔记",
                "发笔记",
                "晒单",
                "投稿",
            ],
            Self::Invite => &[
                "invite",
                "invited",
                "invitation",
                "invite_friend",
                "send_invite",
                "refer",
                "referral",
                "邀请",
                "邀请好友",
                "拉新",
                "裂变",
            ],
            Self::Sent => &[
                "sent",
                "send",
                "message_sent",
                "email_sent",
                "sms_sent",
                "push_sent",
                "send_message",
                "下发",
                "发送",
                "已发送",
                "推送",
                "群发",
            ],
            Self::Delivered => &[
                "delivered",
                "delivery",
                "message_delivered",
                "email_delivered",
                "sms_delivered",
                "push_delivered",
                "received",
                "送达",
                "已送达",
                "到达",
                "触达",
            ],
            Self::Opened => &[
                "opened",
                "open",
                "read",
                "message_opened",
                "message_read",
                "email_opened",
                "email_open",
                "push_opened",
                "打开",
                "已打开",
                "阅读",
                "已读",
                "查看",
            ],
            Self::Clicked => &[
                "clicked",
                "click",
                "message_clicked",
                "email_clicked",
                "email_click",
                "push_clicked",
                "link_click",
                "content_click",
                "tap",
                "点击",
                "点击链接",
            ],
            Self::Seen => &[
                "seen",
                "view",
                "viewed",
                "exposure",
                "expose",
                "exposed",
                "impression",
                "browse",
                "page_view",
                "pageview",
                "view_content",
                "content_view",
                "view_item",
                "play",
                "watch",
                "曝光",
                "浏览",
                "观看",
                "播放",
                "访问",
            ],
            Self::Conversion => &[
                "conversion",
                "convert",
                "converted",
                "pay",
                "paid",
                "payment",
                "purchase",
                "purchased",
                "order",
                "ordered",
                "order_paid",
                "order_completed",
                "place_order",
                "complete_order",
                "buy",
                "bought",
                "transaction",
                "支付",
                "付款",
                "下单",
                "购买",
                "成交",
                "支付成功",
            ],
            Self::Passive => &[
                "passive",
                "assigned",
                "assignment",
                "assign",
                "variant_assigned",
                "experiment_assigned",
                "分组",
                "实验分组",
                "分桶",
            ],
        }
    }
}

/// The role of each kind of event of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Role and the names of its kinds, as the file has them; a kind has one role, and a role may have none.
    pub roles: Vec<(Role, Vec<String>)>,
}

impl Kinds {
    /// Finds the roles of the kinds of `file`. A role in `given` (`--kind`) has the kinds named there and no others; those of
    /// the other roles have one of their default names. Capitals, and what parts words (blank, hyphen, dot), do not count,
    /// unless a name is there exactly. Errors: a name in `given` that the file does not have, or one that has two roles.
    pub fn find(given: &[(Role, Vec<String>)], file: &[KindOfEvent]) -> Result<Self> {
        let mut role_of: Vec<Option<Role>> = vec![None; file.len()];
        for (role, names) in given {
            for name in names {
                let mut places = places(name, file);
                if places.is_empty() {
                    let known = || file.iter().map(|kind| kind.name.as_str());
                    return Err(Error::UnknownName {
                        what: "event",
                        name: name.clone(),
                        nearest: nearest(name, known()),
                        known: known().map(str::to_owned).collect(),
                    });
                }
                for place in places.drain(..) {
                    if let Some(before) = role_of[place].filter(|before| before != role) {
                        let (first, second) = (before.key(), role.key());
                        return Err(Error::BadOption {
                            option: "--kind".into(),
                            value: name.clone(),
                            why: format!(
                                "is given as {first} and as {second}: a kind of event is one of them"
                            ),
                            hint: None,
                        });
                    }
                    role_of[place] = Some(*role);
                }
            }
        }
        let is_given = |role: Role| given.iter().any(|(known, _)| *known == role);
        for (kind, role) in file.iter().zip(&mut role_of).filter(|(_, role)| role.is_none()) {
            let name = normalised(&kind.name);
            let by_name = |role: &&Role| !is_given(**role) && role.names().contains(&name.as_str());
            *role = Role::ALL.iter().find(by_name).copied();
        }
        let of = |role: Role| {
            let kinds = file.iter().zip(&role_of).filter(|(_, known)| **known == Some(role));
            (role, kinds.map(|(kind, _)| kind.name.clone()).collect())
        };
        Ok(Self { roles: Role::ALL.map(of).into() })
    }

    /// The role of a kind; `None`: it counts as activity alone.
    pub fn role(&self, kind: &str) -> Option<Role> {
        self.roles.iter().find(|(_, kinds)| kinds.iter().any(|known| known == kind)).map(|(role, _)| *role)
    }

    /// The role of each kind, side by side with [`Journeys::kinds`](crate::facts::journeys::Journeys).
    pub fn by_kind(&self, file: &[KindOfEvent]) -> Vec<Option<Role>> {
        file.iter().map(|kind| self.role(&kind.name)).collect()
    }

    /// The kinds of a role.
    pub fn of(&self, role: Role) -> &[String] {
        self.roles.iter().find(|(known, _)| *known == role).map_or(&[], |(_, kinds)| kinds)
    }

    /// Whether some kind has the role.
    pub fn has(&self, role: Role) -> bool {
        !self.of(role).is_empty()
    }
}

/// The kinds that `name` means: the one that is called exactly so, else all that are but for capitals and word breaks.
fn places(name: &str, file: &[KindOfEvent]) -> Vec<usize> {
    if let Some(exact) = file.iter().position(|kind| kind.name == name) {
        return vec![exact];
    }
    let name = normalised(name);
    (0..file.len()).filter(|place| normalised(&file[*place].name) == name).collect()
}

/// In small letters, words parted by `_`: `Check-In`, `check in` and `checkIn` are `check_in`.
fn normalised(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut after_small = false;
    for character in name.trim().chars() {
        if character.is_whitespace() || matches!(character, '-' | '_' | '.' | '/' | ':') {
            if !text.is_empty() && !text.ends_with('_') {
                text.push('_');
            }
            after_small = false;
            continue;
        }
        if character.is_ascii_uppercase() && after_small {
            text.push('_');
        }
        after_small = character.is_ascii_lowercase() || character.is_ascii_digit();
        text.extend(character.to_lowercase());
    }
    text.truncate(text.trim_end_matches('_').len());
    text
}

/// Reads what was said by `--kind`: `like=赞|点赞,clicked=tap`, each entry one or several roles. A role that is said twice has
/// what was said last; `like=` says that no kind is one.
pub(super) fn parse(entries: &[String]) -> Result<Vec<(Role, Vec<String>)>> {
    let mut given: Vec<(Role, Vec<String>)> = Vec::new();
    for entry in entries {
        let mut parts: Vec<String> = Vec::new();
        for part in entry.split([',', '，']) {
            match parts.last_mut() {
                // A comma that no role follows belongs to the name of a kind.
                Some(last) if !part.contains('=') => {
                    last.push(',');
                    last.push_str(part);
                }
                _ => parts.push(part.to_owned()),
            }
        }
        for part in parts {
            let Some((role, names)) = part.split_once('=') else {
                return Err(Error::BadOption {
                    option: "--kind".into(),
                    value: part,
                    why: "is no role with its events".into(),
                    hint: Some("e.g. --kind 'like=赞|点赞' --kind clicked=tap".into()),
                });
            };
            let role = Role::named(role)?;
            let names = names.split(['|', '｜']).map(|name| name.trim().to_owned());
            let names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
            given.retain(|(known, _)| *known != role);
            given.push((role, names));
        }
    }
    given.sort_by_key(|(role, _)| *role);
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(names: &[&str]) -> Vec<KindOfEvent> {
        names.iter().map(|name| KindOfEvent { name: (*name).to_owned(), rows: 1 }).collect()
    }

    fn given(entries: &[&str]) -> Vec<(Role, Vec<String>)> {
        parse(&entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn roles_stand_at_their_places_and_no_name_is_of_two() {
        let mut known = std::collections::BTreeSet::new();
        for (place, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, place);
            assert!(role.names().contains(&role.key()));
            assert_eq!(Role::named(role.key()).unwrap(), role);
            for name in role.names() {
                assert!(known.insert(*name), "{name}");
                assert_eq!(normalised(name), *name);
            }
        }
        assert_eq!(Role::named("Click").unwrap(), Role::Clicked);
        assert_eq!(Role::named("点赞").unwrap(), Role::Like);
        assert_eq!(Role::named("liek").unwrap_err().code(), "unknown_name");
    }

    #[test]
    fn default_names_do_not_mind_capitals_and_word_breaks() {
        let kinds =
            Kinds::find(&[], &file(&["Check-In", "PageView", "THUMB UP", "message.sent", "wave", "点赞"]));
        let kinds = kinds.unwrap();
        assert_eq!(kinds.role("Check-In"), Some(Role::SignIn));
        assert_eq!(kinds.role("PageView"), Some(Role::Seen));
        assert_eq!(kinds.of(Role::Like), ["THUMB UP", "点赞"]);
        assert_eq!(kinds.role("message.sent"), Some(Role::Sent));
        assert_eq!(kinds.role("wave"), None);
        assert!(!kinds.has(Role::Conversion));
    }

    #[test]
    fn what_is_given_takes_the_place_of_the_defaults() {
        let names = file(&["like", "wave", "view", "a,b"]);
        let kinds = Kinds::find(&given(&["like=WAVE|view", "sign_in=a,b"]), &names).unwrap();
        assert_eq!(kinds.of(Role::Like), ["wave", "view"]);
        assert_eq!((kinds.role("like"), kinds.has(Role::Seen)), (None, false));
        assert_eq!(kinds.role("a,b"), Some(Role::SignIn));
        let none = Kinds::find(&given(&["like="]), &names).unwrap();
        assert!(!none.has(Role::Like) && none.has(Role::Seen));
        assert_eq!(given(&["like=a,click=b|c"]).len(), 2);
        assert_eq!(given(&["like=a", "like=b"]), [(Role::Like, vec!["b".to_owned()])]);
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let names = file(&["like", "wave"]);
        let refuse = |entries: &[&str]| Kinds::find(&given(entries), &names).unwrap_err();
        let Error::UnknownName { nearest, .. } = refuse(&["like=wawe"]) else { panic!() };
        assert_eq!(nearest, ["wave"]);
        assert_eq!(refuse(&["like=wave,share=wave"]).code(), "bad_option");
        assert_eq!(parse(&["wave".to_owned()]).unwrap_err().code(), "bad_option");
        assert_eq!(parse(&["lik=wave".to_owned()]).unwrap_err().code(), "unknown_name");
    }
}
