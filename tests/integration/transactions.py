"""Writes messages to a topic by transactions that are committed, aborted, and left open, through librdkafka:

  transactions.py BROKERS TOPIC     ids 1 to 100 committed, 101 to 200 aborted, 201 to 300 committed, and, when its stdin is
                                    open, 301 to 310 in a transaction that stays open until stdin ends; prints a line a step
"""
import ctypes
import sys

from rdkafka import check, client, lib

producer = client(0, sys.argv[1], transactional_id="test", linger_ms="1")
topic = ctypes.c_void_p(lib.rd_kafka_topic_new(producer, sys.argv[2].encode(), None))
check(lib.rd_kafka_init_transactions(producer, 30000))


def send(first, last):
    check(lib.rd_kafka_begin_transaction(producer))
    for i in range(first, last + 1):
        text = b'{"id":%d}' % i
        lib.rd_kafka_produce(topic, ctypes.c_int32(0), 2, text, ctypes.c_size_t(len(text)), None, ctypes.c_size_t(0), None)
    lib.rd_kafka_flush(producer, 30000)


send(1, 100)
check(lib.rd_kafka_commit_transaction(producer, 30000))
send(101, 200)
check(lib.rd_kafka_abort_transaction(producer, 30000))
send(201, 300)
check(lib.rd_kafka_commit_transaction(producer, 30000))
send(301, 310)
print("open", flush=True)
sys.stdin.read()
check(lib.rd_kafka_abort_transaction(producer, 30000))
print("closed", flush=True)
