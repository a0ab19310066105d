//! What is planted: every parameter of the models, in one place. The README that goes with the data prints them.

/// BG/NBD (Fader, Hardie, Lee 2005), per day: purchase rates are Gamma(r, alpha), dropout probabilities Beta(a, b).
pub const R: f64 = 0.9;
pub const ALPHA: f64 = 25.0;
pub const A: f64 = 0.6;
pub const B: f64 = 7.4;

/// Gamma-Gamma (Fader, Hardie 2013): order values are Gamma(p, nu), nu is Gamma(q, gamma); mean p * gamma / (q - 1).
pub const P: f64 = 6.25;
pub const Q: f64 = 3.74;
pub const GAMMA: f64 = 44.0;

/// Where customers come from. A customer's channel depends on the purchase rate alone (`channel_weights`): the channels
/// differ in quality, and all customers together still follow the one BG/NBD model exactly.
pub const CHANNELS: [&str; 3] = ["tmall", "douyin", "wechat"];
pub const WECHAT: usize = 2;

/// Weights of the three channels for a customer who buys `pace` times as often as the average.
pub fn channel_weights(pace: f64) -> [f64; 3] {
    [1.0, 1.8 * libm::exp(-pace), 0.2 + pace]
}

/// Shares by channel that budgets are made for.
pub const EXPECTED_SHARES: [f64; 3] = [0.330, 0.317, 0.353];

/// Share of later orders that are placed in the channel of the first; the others are placed in wechat.
pub const SAME_CHANNEL: f64 = 0.85;

/// Funnel: rate of each step among those who took the one before, by channel, for variant a.
pub const CLICK: [f64; 3] = [0.70, 0.78, 0.66];
pub const REGISTER: [f64; 3] = [0.62, 0.50, 0.72];
pub const PAY: [f64; 3] = [0.62, 0.48, 0.70];
/// Variant b of the landing page multiplies the rate from click to register; half of the visitors see it.
pub const VARIANT_B: f64 = 1.12;
/// Share of the payers who pay 8 to 20 days after registering; the others pay within 5.5 days.
pub const LATE_PAYERS: f64 = 0.05;
/// A touch by another way before the exposure follows with this probability, again and again.
pub const EARLIER_TOUCH: f64 = 0.30;
pub const EARLIER_TOUCH_CHANNELS: [f64; 3] = [0.3, 0.5, 0.2];

/// Events beside a later purchase.
pub const BROWSE: f64 = 0.2;
pub const ADD_TO_CART: f64 = 0.15;

/// The campaign with a held-out control group.
pub const CAMPAIGN: &str = "recall";
/// It starts at this share of the window and lasts this many days.
pub const CAMPAIGN_START: f64 = 0.6;
pub const CAMPAIGN_DAYS: u32 = 28;
pub const TREATED: f64 = 0.5;
/// Share of the treated who collect the coupon, and of their orders in the window that name the campaign.
pub const CAMPAIGN_COUPON: f64 = 0.5;
pub const CAMPAIGN_TAGGED: f64 = 0.6;

/// Share of the members whom another one invited; share of members who invite more readily; accepted invitations.
pub const INVITED: f64 = 0.25;
pub const SHARERS: f64 = 0.4;
pub const ACCEPTED: f64 = 0.4;

/// Baskets: share of orders with 2 or 3 rows; share of these that have 3.
pub const SEVERAL_LINES: f64 = 0.15;
pub const THREE_LINES: f64 = 0.3;

/// Per purchase: refunded in part by refund_amount; refunded in part by a later row with a negative amount.
pub const REFUND_COLUMN: f64 = 0.04;
pub const REFUND_ROW: f64 = 0.02;
/// Part of the amount paid that goes back.
pub const REFUND_PART: (f64, f64) = (0.1, 0.5);
/// Per purchase: a further order that goes back whole; a further order that is cancelled before it was paid.
pub const RETURNED: f64 = 0.03;
pub const CANCELLED: f64 = 0.02;

/// Dirt, by the customer's number in the block: one in this many ...
pub const DIRT_PERIOD: u32 = 100;
/// ... has an order written without the customer's id, ... has the rows of one order written twice.
pub const DIRT_GUEST: u32 = 37;
pub const DIRT_TWICE: u32 = 73;
/// Members: one in this many names herself as inviter; one in this many pairs names each other.
pub const DIRT_SELF_PERIOD: u32 = 200;
pub const DIRT_SELF: u32 = 150;
pub const DIRT_CYCLE_PERIOD: u32 = 250;
pub const DIRT_CYCLE: u32 = 211;

/// What a new customer may cost by channel, in cents; and a treated customer of the campaign.
pub const CAC: [f64; 3] = [4200.0, 2600.0, 3000.0];
pub const CAMPAIGN_COST: f64 = 300.0;

/// id, Chinese and English name, category.
pub const PRODUCTS: [(&str, &str, &str); 20] = [
    ("P1001", "龙井绿茶 Longjing Green Tea", "tea"),
    ("P1002", "普洱熟茶 Ripe Pu'er", "tea"),
    ("P1003", "茉莉花茶 Jasmine Tea", "tea"),
    ("P1004", "铁观音 Tieguanyin", "tea"),
    ("P2001", "云南咖啡豆 Yunnan Coffee Beans", "coffee"),
    ("P2002", "挂耳咖啡 Drip Bags", "coffee"),
    ("P2003", "冷萃咖啡 Cold Brew", "coffee"),
    ("P3001", "坚果礼盒 Nut Box", "snacks"),
    ("P3002", "桂花糕 Osmanthus Cake", "snacks"),
    ("P3003", "牛肉干 Beef Jerky", "snacks"),
    ("P3004", "海苔脆 Seaweed Crisps", "snacks"),
    ("P4001", "保湿面霜 Moisture Cream", "beauty"),
    ("P4002", "护手霜 Hand Cream", "beauty"),
    ("P4003", "面膜十片装 Sheet Masks x10", "beauty"),
    ("P5001", "青瓷茶杯 Celadon Cup", "home"),
    ("P5002", "竹茶盘 Bamboo Tray", "home"),
    ("P5003", "香薰蜡烛 Scented Candle", "home"),
    ("P6001", "婴儿湿巾 Baby Wipes", "baby"),
    ("P6002", "婴儿米粉 Rice Cereal", "baby"),
    ("P6003", "绘本套装 Picture Books", "baby"),
];
pub const CATEGORIES: [&str; 6] = ["tea", "coffee", "snacks", "beauty", "home", "baby"];

/// Coupons of orders outside the campaign; the first is for first orders.
pub const COUPONS: [&str; 4] = ["NEW20", "VIP10", "TEA5", "FREESHIP"];

/// Clicks: a stream for measuring. Events per customer are 1 and more, on average close to this; days from --start.
pub const CLICKS_MEAN: f64 = 20.0;
pub const CLICKS_DAYS: u32 = 90;
/// Kinds with their weights in percent; every event is drawn by itself. The first four are the steps of the written funnel.
pub const CLICKS_KINDS: [(&str, f64); 8] = [
    ("exposure", 30.0),
    ("click", 16.0),
    ("register", 5.0),
    ("pay", 4.0),
    ("view", 25.0),
    ("like", 10.0),
    ("share", 4.0),
    ("sign_in", 6.0),
];

/// A funnel that broke: visitors per customer of the run, complete weeks, and the share of them after which it broke.
pub const LEAK_VISITORS: u32 = 20;
pub const LEAK_WEEKS: u32 = 26;
pub const LEAK_FROM: f64 = 0.75;
/// Weights of the channels; in which one (douyin) the rate from click to register is multiplied by what.
pub const LEAK_CHANNELS: [f64; 3] = [0.3, 0.4, 0.3];
pub const LEAK_CHANNEL: usize = 1;
pub const LEAK_FACTOR: f64 = 0.5;

/// Interactions: the last days of the window.
pub const INTERACTION_DAYS: u32 = 90;
/// Members by activity: heavy, regular; the others are silent. A silent one has left with this probability, else never came.
pub const HEAVY: f64 = 0.14;
pub const REGULAR: f64 = 0.56;
pub const LAPSED: f64 = 0.5;
/// Who has left did so this many days before the end.
pub const LAPSED_DAYS: u32 = 45;
/// Probability of a day with content: heavy, regular (also of those who have left, before they did).
pub const CONTENT_DAY: [f64; 2] = [0.6, 0.05];
/// Sign-ins are a Markov chain by day: probability after a day without one, after a day with one; heavy, regular.
pub const SIGN_IN_AFTER_NONE: [f64; 2] = [0.3, 0.02];
pub const SIGN_IN_AFTER_ONE: [f64; 2] = [0.85, 0.5];

/// Messages in the interactions, one a week, each at an hour drawn for each member; heavy and regular members get them.
pub const MESSAGES: u32 = 12;
pub const MESSAGE_HOURS: [u32; 6] = [9, 12, 15, 18, 20, 22];
pub const BEST_HOUR: u32 = 20;
pub const DELIVERED: f64 = 0.96;
/// Opened of delivered: at the best hour, at the others.
pub const OPENED_BEST: f64 = 0.45;
pub const OPENED: f64 = 0.2;
/// Clicked of opened; paid of clicked, within 5 days.
pub const CLICKED: f64 = 0.3;
pub const MESSAGE_PAID: f64 = 0.35;

/// Posts: weight among what is looked at, share of the members reached who interact with it.
pub const POSTS: [(f64, f64); 10] = [
    (2.0, 0.10),
    (1.6, 0.45),
    (1.4, 0.20),
    (1.2, 0.15),
    (1.0, 0.60),
    (1.0, 0.10),
    (0.9, 0.30),
    (0.8, 0.05),
    (0.7, 0.25),
    (0.6, 0.15),
];
/// Whoever interacts does each of these with its probability, and likes when it is none of them.
pub const POST_ACTIONS: [(&str, f64); 4] =
    [("like", 0.7), ("comment", 0.25), ("share", 0.15), ("favourite", 0.3)];

/// Other members than the planted key opinion consumers: share that publishes once, share that invites once.
pub const PUBLISHES: f64 = 0.06;
pub const INVITES: f64 = 0.08;
/// Key opinion consumers: one per this many members, those who brought the most members; what each does at least, and at most.
pub const KOC_PERIOD: usize = 60;
pub const KOC_PUBLISHED: (u64, u64) = (6, 10);
pub const KOC_INVITATIONS: (u64, u64) = (5, 8);
pub const KOC_PAID: (u64, u64) = (5, 8);
