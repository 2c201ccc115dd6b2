"""What the scripts here need of librdkafka, called through its C functions, and what they do with it by itself:

  rdkafka.py send BROKERS TOPIC            messages from stdin, a JSON object a line: value, and if wanted key, partition, timestamp
                                           (milliseconds) and headers ([[name, value or null], ...])
  rdkafka.py partitions BROKERS TOPIC N    makes them N
  rdkafka.py join BROKERS TOPIC GROUP      a member of the group, until stdin ends; prints `assigned` when it has partitions
"""
import ctypes
import json
import sys

lib = ctypes.CDLL("librdkafka.so.1")
for name in ("conf_new", "new", "topic_new", "begin_transaction", "commit_transaction", "abort_transaction", "init_transactions",
             "NewPartitions_new", "queue_new", "queue_poll", "topic_partition_list_new", "consumer_poll",
             "event_CreatePartitions_result", "CreatePartitions_result_topics"):
    getattr(lib, "rd_kafka_" + name).restype = ctypes.c_void_p
for name in ("error_string", "err2str", "topic_result_error_string"):
    getattr(lib, "rd_kafka_" + name).restype = ctypes.c_char_p
error = ctypes.create_string_buffer(512)
SIZE = ctypes.c_size_t(512)


def check(failed):
    """Ends the program if an error object was given."""
    if failed:
        sys.exit(lib.rd_kafka_error_string(ctypes.c_void_p(failed)).decode())


def client(kind, brokers, **properties):
    """kind: 0 a producer, 1 a consumer. Properties have _ for the dots of their names."""
    conf = ctypes.c_void_p(lib.rd_kafka_conf_new())
    for key, value in {"bootstrap_servers": brokers, **properties}.items():
        if lib.rd_kafka_conf_set(conf, key.replace("_", ".").encode(), value.encode(), error, SIZE) != 0:
            sys.exit(error.value.decode())
    made = ctypes.c_void_p(lib.rd_kafka_new(kind, conf, error, SIZE))
    if not made.value:
        sys.exit(error.value.decode())
    return made


def send(brokers, topic):
    END, TOPIC, PARTITION, VALUE, KEY, FLAGS, TIMESTAMP, HEADER = 0, 1, 3, 4, 5, 7, 8, 9
    producer = client(0, brokers, linger_ms="1")

    def bytes_of(text):
        raw = None if text is None else text.encode("utf-8", "surrogateescape")
        return (raw, ctypes.c_size_t(0 if raw is None else len(raw)))

    for line in sys.stdin:
        message = json.loads(line)
        parts = [TOPIC, topic.encode(), FLAGS, 2, VALUE, *bytes_of(message["value"])]
        if "key" in message:
            parts += [KEY, *bytes_of(message["key"])]
        if "partition" in message:
            parts += [PARTITION, ctypes.c_int32(message["partition"])]
        if "timestamp" in message:
            parts += [TIMESTAMP, ctypes.c_int64(message["timestamp"])]
        for name, value in message.get("headers", []):
            raw, size = bytes_of(value)
            parts += [HEADER, name.encode(), raw, ctypes.c_ssize_t(size.value)]
        code = lib.rd_kafka_producev(producer, *parts, END)
        if code != 0:
            sys.exit(lib.rd_kafka_err2str(code).decode())
        lib.rd_kafka_poll(producer, 0)
    if lib.rd_kafka_flush(producer, 30000) != 0:
        sys.exit("not delivered")


def partitions(brokers, topic, number):
    admin = client(0, brokers)
    queue = ctypes.c_void_p(lib.rd_kafka_queue_new(admin))
    wanted = ctypes.c_void_p(lib.rd_kafka_NewPartitions_new(topic.encode(), ctypes.c_size_t(int(number)), error, SIZE))
    lib.rd_kafka_CreatePartitions(admin, ctypes.byref(wanted), ctypes.c_size_t(1), None, queue)
    event = ctypes.c_void_p(lib.rd_kafka_queue_poll(queue, 30000))
    if not event.value or lib.rd_kafka_event_error(event) != 0:
        sys.exit("no partitions were made")
    count = ctypes.c_size_t(0)
    result = ctypes.c_void_p(lib.rd_kafka_event_CreatePartitions_result(event))
    topics = ctypes.cast(lib.rd_kafka_CreatePartitions_result_topics(result, ctypes.byref(count)), ctypes.POINTER(ctypes.c_void_p))
    failed = lib.rd_kafka_topic_result_error_string(ctypes.c_void_p(topics[0]))
    if failed:
        sys.exit(failed.decode())


def join(brokers, topic, group):
    import select
    consumer = client(1, brokers, group_id=group, auto_offset_reset="earliest")
    topics = ctypes.c_void_p(lib.rd_kafka_topic_partition_list_new(1))
    lib.rd_kafka_topic_partition_list_add(topics, topic.encode(), -1)
    lib.rd_kafka_subscribe(consumer, topics)
    told = False
    while not select.select([sys.stdin], [], [], 0)[0]:
        message = lib.rd_kafka_consumer_poll(consumer, 100)
        if message:
            lib.rd_kafka_message_destroy(ctypes.c_void_p(message))
        assigned = ctypes.POINTER(ctypes.c_int)()  # its first field is how many there are
        lib.rd_kafka_assignment(consumer, ctypes.byref(assigned))
        if assigned[0] > 0 and not told:
            print("assigned", flush=True)
            told = True
        lib.rd_kafka_topic_partition_list_destroy(assigned)
    lib.rd_kafka_consumer_close(consumer)


if __name__ == "__main__":
    {"send": send, "partitions": partitions, "join": join}[sys.argv[1]](*sys.argv[2:])
