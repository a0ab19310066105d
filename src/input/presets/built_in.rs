//! The presets that are part of the program. A test holds this list to the files of the folder.

macro_rules! embedded {
    ($($id:literal),* $(,)?) => {
        &[$(($id, include_str!(concat!($id, ".toml")))),*]
    };
}

/// (id, the text of ID.toml): one line per file, in the order of the alphabet.
pub(super) const BUILT_IN: &[(&str, &str)] = embedded![
    // AT THE MERGE: the lines of files that other branches bring become live.
    // "ali_xiaowan",
    "alipay_merchant_bill",
    "alipay_personal_bill",
    "amazon_all_orders",
    "amazon_unshipped",
    // "amplitude_export",
    "douyin_orders",
    "etsy_order_items",
    "etsy_orders",
    // "ga4_bigquery",
    // "google_ads",
    "jd_orders_30",
    "jd_orders_80",
    "kuaishou_orders",
    "kuaituantuan_orders",
    "magento2_orders",
    // "meta_ads",
    // "mixpanel_export",
    // "oceanengine",
    "paypal_activity",
    // "pdd_ads",
    "pdd_orders",
    // "posthog_events",
    // "qianchuan",
    // "segment_tracks",
    // "sensors_events",
    "shopify_orders",
    "square_items",
    "stripe_payments",
    "stripe_payments_legacy",
    "taobao_order_detail_legacy",
    "taobao_order_list_legacy",
    "taobao_suborder",
    "tmall_order_list",
    "tmall_refund_report",
    // "wanxiang_plan",
    // "wanxiang_product",
    "wechat_pay_bill",
    "wechat_store_orders",
    // "wecom_customers",
    "woocommerce_analytics",
    "woocommerce_webtoffee",
    "xiaohongshu_orders",
    // "youzan_customers",
    "youzan_lines",
    "youzan_orders_59",
    "youzan_orders_60",
];
