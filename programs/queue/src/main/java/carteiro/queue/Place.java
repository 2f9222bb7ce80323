package carteiro.queue;

/**
 * A place in the log.
 *
 * @param segment the segment's number, from 1
 * @param offset octets from the start of the segment
 */
record Place(int segment, int offset) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
        return segment != other.segment
                ? Integer.compare(segment, other.segment)
                : Integer.compare(offset, other.offset);
    }
}
