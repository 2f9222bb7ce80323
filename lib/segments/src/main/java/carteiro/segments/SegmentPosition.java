package carteiro.segments;

/**
 * A place in the log.
 *
 * @param segment the segment's number, from 1
 * @param offset octets from the start of the segment
 */
public record SegmentPosition(int segment, int offset) implements Comparable<SegmentPosition> {
    @Override
    public int compareTo(SegmentPosition other) {
        return segment != other.segment
                ? Integer.compare(segment, other.segment)
                : Integer.compare(offset, other.offset);
    }
}
