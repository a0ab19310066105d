"""Real exports: the same Taobao order list in GB18030 and in UTF-8, and a workbook, through `siyu rfm`.

    cargo build --release
    python3 benches/exports.py [--megabytes 1000] [--rows 500000] [--runs 5] [--folder /tmp/siyu-exports]

The text files are made by plain Python from a seed, the workbook by openpyxl (pip install openpyxl; left out without it).
The claim is a ratio of medians of alternating runs in one process after the other: GB18030 / UTF-8 at most 2.5.
"""

import argparse, os, random, statistics, subprocess, time

HEADER = "订单编号,买家会员名,总金额,买家实际支付金额,订单状态,订单创建时间,订单付款时间,宝贝标题,收货地址,宝贝总数量,退款金额"
GOODS = ["春季新款女装连衣裙", "男士运动鞋透气轻便", "家用电热水壶大容量", "儿童益智玩具积木", "无线蓝牙耳机降噪", "有机东北大米10斤装"]
PLACES = ["浙江省 杭州市 西湖区 文三路", "广东省 深圳市 南山区 科技园", "北京 北京市 朝阳区 望京街道"]


def text_files(folder, megabytes):
    draw = random.Random(7)
    rows = []
    for i in range(100_000):
        gross = draw.randint(1000, 99999)
        refund = gross if draw.random() < 0.05 else 0
        at = f"2025-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d} {draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}:00"
        unpaid = draw.random() < 0.1
        rows.append(
            f"@@{i:06d},用户{draw.randint(1, 300000)},{gross / 100:.2f},{(gross - refund) / 100:.2f},"
            f"{'等待买家付款' if unpaid else '交易成功'},{at},{'' if unpaid else at},{draw.choice(GOODS)},"
            f"{draw.choice(PLACES)}{draw.randint(1, 999)}号,{draw.randint(1, 5)},{refund / 100:.2f}\r\n"
        )
    paths = {}
    for encoding in ("utf-8", "gb18030"):
        paths[encoding] = os.path.join(folder, f"taobao-{encoding}.csv")
        block = "".join(rows).encode(encoding)
        # As many rows in both: as the one in GB18030 needs for its size.
        blocks = -(-megabytes * 1_000_000 // len("".join(rows).encode("gb18030")))
        with open(paths[encoding], "wb") as out:
            out.write((HEADER + "\r\n").encode(encoding))
            for n in range(blocks):
                out.write(block.replace(b"@@", f"{n:010d}".encode()))
    return paths


def workbook(folder, rows):
    try:
        import openpyxl
    except ImportError:
        return None
    path = os.path.join(folder, "tmall.xlsx")
    names = ["订单编号", "买家会员名", "买家实付金额", "退款金额", "买家应付货款", "买家应付邮费", "总金额(旧版)", "支付详情", "店铺ID", "订单状态"]
    names += ["订单创建时间", "订单付款时间", "商品标题", "宝贝总数量", "店铺名称", "总金额", "商家编码", "商家备注", "买家留言", "返点积分"]
    draw = random.Random(1)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("export")
    sheet.append(names)
    for i in range(rows):
        paid = f"{draw.randint(1000, 90000) / 100:.2f}"
        at = f"2025-{1 + i % 12:02d}-{1 + i % 28:02d} {i % 24:02d}:{i % 60:02d}:00"
        cells = [str(4400000000000000000 + i), f"u{draw.randint(1, 90000)}", paid, "0.00", paid, "0.00", paid, "支付宝", "123", "交易成功"]
        sheet.append(cells + [at, at, f"春季新款{i % 300}", "1", "旗舰店", float(paid), f"SKU{i % 500}", "", "", i % 7])
    book.save(path)
    return path


def run(siyu, path):
    start = time.monotonic()
    process = subprocess.Popen([siyu, "rfm", path, "-q", "-f", "csv"], stdout=subprocess.PIPE)
    table = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, path
    return time.monotonic() - start, usage.ru_maxrss / 1024, table


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--megabytes", type=int, default=1000)
    args.add_argument("--rows", type=int, default=500_000)
    args.add_argument("--runs", type=int, default=5)
    args.add_argument("--folder", default="/tmp/siyu-exports")
    args.add_argument("--siyu", default="target/release/siyu")
    args = args.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    paths = text_files(args.folder, args.megabytes)
    seconds, memory, tables = {k: [] for k in paths}, {k: 0 for k in paths}, set()
    for path in paths.values():
        run(args.siyu, path)
    for _ in range(args.runs):
        for encoding, path in paths.items():
            took, peak, table = run(args.siyu, path)
            seconds[encoding].append(took)
            memory[encoding] = max(memory[encoding], peak)
            tables.add(table)
    assert len(tables) == 1, "both encodings give the same table"
    for encoding in paths:
        print(f"{encoding}: {statistics.median(seconds[encoding]):.2f} s, {memory[encoding]:.0f} MiB at the peak")
    print(f"ratio GB18030 / UTF-8: {statistics.median(seconds['gb18030']) / statistics.median(seconds['utf-8']):.2f}")
    path = workbook(args.folder, args.rows)
    if path:
        runs = [run(args.siyu, path) for _ in range(3)]
        print(f"xlsx, {args.rows} rows x 20: {statistics.median(r[0] for r in runs):.2f} s, {max(r[1] for r in runs):.0f} MiB")
    else:
        print("no openpyxl: the workbook is left out")


if __name__ == "__main__":
    main()
