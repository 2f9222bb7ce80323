package carteiro.send;

import java.util.Arrays;

/** When a recipient that was deferred is tried again. Pure: a function of birth and now, so that nothing is remembered. */
sealed interface RetryTimes {
    /**
     * The next attempt if one begins now; always later than now.
     *
     * @param birth when the message was accepted, in seconds since 1970
     * @param now in seconds since 1970; may be before birth, if the clock was set back
     */
    long next(long birth, long now);

    /**
     * qmail's formula: the k-th attempt falls at an age of {@code (skip * (k - 1))} squared seconds.
     *
     * @param skip 10 for local, 20 for remote
     */
    record Squares(long skip) implements RetryTimes {
        @Override
        public long next(long birth, long now) {
            long root = squareRoot(Math.max(0, now - birth)) + skip;
            return birth + root * root;
        }

        /** The integer square root. */
        static long squareRoot(long square) {
            long root = (long) Math.sqrt((double) square);
            while (root * root > square) {
                root--; // a double has 53 bits: it may be one off for large squares
            }
            while ((root + 1) * (root + 1) <= square) {
                root++;
            }
            return root;
        }
    }

    /**
     * Ages from control/retryschedule. Past the last one, the last distance is repeated.
     *
     * @param ages seconds since birth, ascending, at least one, the first at least 1
     */
    @SuppressWarnings("ArrayRecordComponent") // copied, and compared by content below
    record Ages(long... ages) implements RetryTimes {
        /** The longest age that makes sense: ten years. */
        static final long MOST = 315_360_000;

        /** Copies the ages and checks them. */
        public Ages {
            ages = ages.clone();
            long before = 0;
            for (long age : ages) {
                if (age <= before || age > MOST) {
                    throw new IllegalArgumentException("ages must ascend from 1 to " + MOST);
                }
                before = age;
            }
            if (ages.length == 0) {
                throw new IllegalArgumentException("no ages");
            }
        }

        @Override
        public long next(long birth, long now) {
            long age = Math.max(0, now - birth);
            for (long candidate : ages) {
                if (candidate > age) {
                    return Math.max(birth + candidate, now + 1);
                }
            }
            long last = ages[ages.length - 1];
            long step = ages.length == 1 ? last : last - ages[ages.length - 2];
            return birth + last + ((age - last) / step + 1) * step;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Ages(long[] theirs) && Arrays.equals(ages, theirs);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(ages);
        }

        @Override
        public String toString() {
            return "Ages" + Arrays.toString(ages);
        }
    }
}
