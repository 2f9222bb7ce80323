package carteiro.send;

import carteiro.protocol.Wires.Channel;
import java.util.Arrays;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The messages of one channel by due time, the earliest first: a binary heap of 4 octets a message. Not thread-safe. */
final class DueHeap {
    private final Channel channel;
    private @Nullable Message[] heap = new Message[64];
    private int size;

    DueHeap(Channel channel) {
        this.channel = channel;
    }

    int size() {
        return size;
    }

    /** When the first is due; {@link Long#MAX_VALUE} if there is none. */
    long firstDue() {
        Message first = heap[0];
        return first == null ? Long.MAX_VALUE : first.due(channel);
    }

    /** Adds a message by its due time, which must not change while it is here, except by {@code allDueBy}. */
    void add(Message message) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size + (size >> 1));
        }
        long due = message.due(channel);
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            Message above = at(parent);
            if (above.due(channel) <= due) {
                break;
            }
            heap[at] = above;
            at = parent;
        }
        heap[at] = message;
    }

    /** Takes the first if it is due, or null. */
    @Nullable
    Message take(long now) {
        if (firstDue() > now) {
            return null;
        }
        Message first = at(0);
        Message last = at(--size);
        heap[size] = null;
        if (size > 0) {
            sink(last);
        }
        if (heap.length > 1024 && size < heap.length >> 2) {
            heap = Arrays.copyOf(heap, heap.length >> 1);
        }
        return first;
    }

    private void sink(Message message) {
        long due = message.due(channel);
        int at = 0;
        int half = size >>> 1;
        while (at < half) {
            int child = 2 * at + 1;
            if (child + 1 < size && at(child + 1).due(channel) < at(child).due(channel)) {
                child++;
            }
            if (at(child).due(channel) >= due) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = message;
    }

    /** Makes everything due by then at the latest. The order stays: the earlier of two is not the later afterwards. */
    void allDueBy(long now) {
        for (int i = 0; i < size; i++) {
            Message message = at(i);
            message.due(channel, Math.min(message.due(channel), now));
        }
    }

    /** Makes each message due at the latest when that says. */
    void allDueBy(ToLongFunction<Message> latest) {
        @Nullable Message[] all = heap;
        int count = size;
        heap = new Message[all.length];
        size = 0;
        for (int i = 0; i < count; i++) {
            Message message = all[i];
            if (message != null) {
                message.due(channel, Math.min(message.due(channel), latest.applyAsLong(message)));
                add(message);
            }
        }
    }

    private Message at(int index) {
        Message message = heap[index];
        if (message == null) {
            throw new IllegalStateException("hole in the heap at " + index);
        }
        return message;
    }
}
